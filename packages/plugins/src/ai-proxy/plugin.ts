// Turns a route into an LLM API: one provider, called with its credentials (contract/ai-plugins.md §4, §6).
import { createLlmRoute } from '@weir/llm-exchange'
import { definePlugin } from '@weir/plugin-api'
import { instanceComplaint } from '../llm-instances/instance-complaint.ts'
import { authEncryptFields } from '../llm-instances/schema.ts'
import { toInstanceSettings } from '../llm-instances/to-settings.ts'
import { type Config, schema } from './schema.ts'

export const aiProxy = definePlugin<Config>({
  name: 'ai-proxy',
  priority: 1040,
  schema,
  encryptFields: authEncryptFields,
  check: instanceComplaint,
  create(config, host) {
    // The name under which quotas and metrics know it.
    const name = `ai-proxy-${config.provider}`
    const instance = toInstanceSettings(config, { name, weight: 1, priority: 0 })
    return createLlmRoute({ ...config, plugin: 'ai-proxy', balancer: {}, instances: [instance] }, host)
  },
})
