// Instances of ai-proxy-multi as most tests want them.
import type { LlmServer } from '@weir/testkit'

/** One that calls `server` with a key of its own. */
export function instance(name: string, { url }: LlmServer, priority = 1) {
  return {
    name,
    provider: 'openai-compatible',
    priority,
    weight: 1,
    auth: { header: { Authorization: `Bearer key-of-${name}` } },
    override: { endpoint: url },
  }
}
