// Has prompts and answers of LLMs judged by Amazon Comprehend (ai-plugins.md §14.2).
import { isReference, timerMsMax } from '@weir/contract'
import { definePlugin } from '@weir/plugin-api'
import { createChecks } from '../moderation/checks.ts'
import { Comprehend } from './comprehend.ts'
import { createModerator } from './moderator.ts'
import { pluginName } from './plugin-name.ts'
import { type Config, schema } from './schema.ts'

export const aiAwsContentModeration = definePlugin<Config>({
  name: pluginName,
  priority: 1031,
  schema,
  encryptFields: ['comprehend.secret_access_key'],
  // A service that can never be called would refuse everything.
  check({ comprehend }) {
    const endpoint = endpointOf(comprehend)
    if (isReference(endpoint) || URL.canParse(endpoint)) return undefined
    return 'comprehend.endpoint is not an http or https URL'
  },
  create(config, host) {
    const { region, access_key_id, secret_access_key, ssl_verify } = config.comprehend
    const endpoint = endpointOf(config.comprehend)
    const comprehend = new Comprehend({
      region,
      endpoint,
      accessKeyId: access_key_id,
      secretAccessKey: secret_access_key,
      verifyCertificate: ssl_verify,
      timeoutMs: Math.min(config.timeout, timerMsMax),
      keepAliveMs: config.keepalive ? config.keepalive_timeout : undefined,
    })
    return {
      ...createChecks(pluginName, config, createModerator(config, endpoint, comprehend, host)),
      dispose: () => comprehend.close(),
    }
  },
})

function endpointOf({ endpoint, region }: Config['comprehend']): string {
  return endpoint ?? `https://comprehend.${region}.amazonaws.com`
}
