// Has prompts and answers of LLMs judged by Aliyun's text moderation (ai-plugins.md §14.1).
import { isReference } from '@weir/contract'
import { definePlugin } from '@weir/plugin-api'
import { createChecks } from '../moderation/checks.ts'
import { createModerator, endpointOf } from './moderator.ts'
import { pluginName } from './plugin-name.ts'
import { type Config, schema } from './schema.ts'

export const aiAliyunContentModeration = definePlugin<Config>({
  name: pluginName,
  priority: 1029,
  schema,
  encryptFields: ['access_key_secret'],
  // A service that can never be called would let everything pass. What a secret will say is known later.
  check: ({ endpoint }) =>
    isReference(endpoint) || endpointOf(endpoint) ? undefined : 'endpoint is not an http or https URL',
  create: (config, host) => createChecks(pluginName, config, createModerator(config, host)),
})
