// Where the replay expects something else than what was recorded, and why.
import { pluginFacts } from '@weir/contract'
import type { AnyPlugin } from '@weir/plugin-api'
import type { RecordedCall } from './replay.ts'

/** Where APISIX breaks with a page of status 500, a clear 400 takes its place (contract: admin-api.md §1). */
const insteadOf500: Readonly<Record<string, Partial<RecordedCall>>> = {
  'route.body_string': {
    answer: '{"error_msg":"invalid configuration: wrong type: expected object, got string"}',
    apiVersion: 'v3',
  },
  'secret.put_no_id': { answer: '{"error_msg":"missing secret id"}', apiVersion: 'v3' },
  'misc.admin_root_slash': { answer: '{"error_msg":"missing resource type"}' },
}

/** APISIX does not know Weir's own plugin: what it refused is accepted here, so there is nothing to compare. */
export function isComparable(call: RecordedCall, plugins: readonly AnyPlugin[]): boolean {
  if (call.name !== 'route.blog_ai_consumer_rate_limiting_unknown') return true
  return plugins.every(({ name }) => name !== 'ai-consumer-rate-limiting')
}

/** The call as it is to be answered by a build with these plugins. */
export function expectationOf(call: RecordedCall, plugins: readonly AnyPlugin[]): RecordedCall {
  const clear = insteadOf500[call.name]
  if (clear !== undefined) return { ...call, status: 400, contentType: 'application/json', ...clear }
  return call.name === 'plugins.list' ? { ...call, answer: withOurs(call.answer ?? '[]', plugins) } : call
}

/** APISIX's plugins in its order, and ours where their priorities place them. */
function withOurs(recorded: string, plugins: readonly AnyPlugin[]): string {
  const names: readonly string[] = JSON.parse(recorded)
  const own = plugins.filter(({ name }) => !names.includes(name))
  const priorities = new Map(own.map(({ name, priority }) => [name, priority]))
  const priority = (name: string) => priorities.get(name) ?? pluginFacts(name)?.priority ?? 0
  return JSON.stringify([...names, ...priorities.keys()].toSorted((a, b) => priority(b) - priority(a)))
}
