// The values of variables as logs and traces may show them.
import { consumedHeaders, type RequestContext, secretArguments } from '@weir/plugin-api'
import { withoutSecrets } from '@weir/telemetry'

const secretName = /auth|key|token|secret|password|cookie|credential|signature|session/i
/** Variables whose value is chosen by the client under a name. */
const named = /^(?:(?:http|arg|cookie|post_arg|sent_http|upstream_http)_|post_arg\.)(.*)$/
const withQuery = new Set(['request_uri', 'real_request_uri', 'request', 'request_line', 'upstream_uri'])
const queries = new Set(['args', 'query_string'])

/** Whether a header or argument of this name may hold a credential. */
export function isSecret(ctx: RequestContext, name: string): boolean {
  if (secretName.test(name)) return true
  return (
    (ctx.state.get(consumedHeaders)?.includes(name) ?? false) ||
    (ctx.state.get(secretArguments)?.includes(name) ?? false)
  )
}

/** A request target or path with query, without the values of credentials. */
export function toldTarget(ctx: RequestContext, target: string): string {
  return withoutSecrets(target, ctx.state.get(secretArguments))
}

/** A variable's value, without what may be a credential in it; undefined when all of it may be one. */
export function toldVariable(ctx: RequestContext, variable: string): unknown {
  const name = named.exec(variable)?.[1]
  if (name !== undefined && (variable.startsWith('cookie_') || isSecret(ctx, name.replaceAll('_', '-'))))
    return undefined
  const value = ctx.variable(variable)
  if (typeof value !== 'string') return value
  if (queries.has(variable)) return toldTarget(ctx, `?${value}`).slice(1)
  return withQuery.has(variable) ? toldTarget(ctx, value) : value
}
