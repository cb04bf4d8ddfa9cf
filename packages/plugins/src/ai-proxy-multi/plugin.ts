// Turns a route into an LLM API with several instances behind it: balanced, checked, and used in place of one another
// when one fails, is unhealthy or is out of quota (contract/ai-plugins.md §5, §6, §8).
import { createLlmRoute } from '@weir/llm-exchange'
import { definePlugin } from '@weir/plugin-api'
import { authEncryptFields } from '../llm-instances/schema.ts'
import { toInstanceSettings } from '../llm-instances/to-settings.ts'
import { check } from './check.ts'
import { type Config, schema } from './schema.ts'

export const aiProxyMulti = definePlugin<Config>({
  name: 'ai-proxy-multi',
  priority: 1041,
  schema,
  encryptFields: [
    ...authEncryptFields.map((field) => `instances.${field}`),
    'semantic_opts.embeddings.auth.header',
    'semantic_opts.embeddings.auth.query',
  ],
  check,
  create: (config, host) =>
    createLlmRoute(
      {
        ...config,
        plugin: 'ai-proxy-multi',
        instances: config.instances.map((instance) =>
          toInstanceSettings(instance, {
            name: instance.name,
            weight: instance.weight,
            priority: instance.priority,
            checks: instance.checks,
            examples: instance.examples,
            threshold: instance.threshold,
          }),
        ),
      },
      host,
    ),
})
