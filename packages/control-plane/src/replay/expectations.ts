// Where the replay expects something else than what was recorded, and why.
import type { AnyPlugin } from '@weir/plugin-api'
import type { RecordedCall } from './replay.ts'

/** Calls that need a plugin. Without it in the build they are answered as any unknown plugin is. */
const needed: Readonly<Record<string, string>> = {
  'route.ai_proxy_missing_required': 'ai-proxy',
  'route.ai_proxy_bad_provider': 'ai-proxy',
  'route.ai_proxy_multi_dup_names': 'ai-proxy-multi',
  'route.ai_proxy_multi_bad_endpoint': 'ai-proxy-multi',
  'route.ai_proxy_multi_chash_no_key': 'ai-proxy-multi',
  'route.ai_proxy_multi_empty_instances': 'ai-proxy-multi',
  'route.ai_proxy_multi_bad_strategy': 'ai-proxy-multi',
  'route.ai_rate_limiting_missing': 'ai-rate-limiting',
  'route.ai_rate_limiting_empty': 'ai-rate-limiting',
  'route.ai_prompt_guard_bad_regex': 'ai-prompt-guard',
  'route.ai_prompt_template_empty': 'ai-prompt-template',
  'route.ai_prompt_decorator_empty': 'ai-prompt-decorator',
  'schema.plugin': 'ai-rate-limiting',
  'plugins.get_one': 'ai-proxy',
}

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
  const has = (name: string) => plugins.some((plugin) => plugin.name === name)
  const clear = insteadOf500[call.name]
  if (clear !== undefined) return { ...call, status: 400, contentType: 'application/json', ...clear }
  const plugin = needed[call.name]
  if (plugin !== undefined && !has(plugin)) return withoutPlugin(call, plugin)
  return call.name === 'plugins.list' ? { ...call, answer: onlyThoseOf(plugins, call.answer ?? '[]') } : call
}

function withoutPlugin({ cut: _cut, ...call }: RecordedCall, plugin: string): RecordedCall {
  if (call.method === 'GET') {
    return { ...call, status: 404, answer: '{"error_msg":"plugin not found in subsystem http"}' }
  }
  return { ...call, answer: `{"error_msg":"unknown plugin [${plugin}]"}` }
}

/** APISIX's plugins that this build has, in APISIX's order, with ours that APISIX does not have. */
function onlyThoseOf(plugins: readonly AnyPlugin[], recorded: string): string {
  const order: readonly string[] = JSON.parse(recorded)
  const place = ({ name }: AnyPlugin) => order.indexOf(name)
  const known = plugins.filter((plugin) => place(plugin) >= 0).toSorted((a, b) => place(a) - place(b))
  const own = plugins.filter((plugin) => place(plugin) < 0)
  // Stable: ours take the places that their priorities give them, APISIX's keep their own order.
  return JSON.stringify(
    [...known, ...own].toSorted((a, b) => b.priority - a.priority).map(({ name }) => name),
  )
}
