// What keeps the entries of different callers apart (contract/ai-plugins.md §13).
import { hash } from 'node:crypto'
import type { RequestContext } from '@weir/plugin-api'

export interface ScopeSettings {
  readonly share_across_routes: boolean
  readonly include_consumer: boolean
  readonly include_vars: readonly string[]
  readonly share_across_consumers: boolean
}

/** Where `cache_key` is not there, whose members are not filled in then. */
export const scopeDefaults: ScopeSettings = {
  share_across_routes: false,
  include_consumer: false,
  include_vars: [],
  share_across_consumers: false,
}

/** Headers by which callers identify themselves at the provider. */
const credentialHeaders = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const

/** `name=value` joined by colons; `shared` when nothing keeps anybody apart. */
export function scopeOf(ctx: RequestContext, settings: ScopeSettings): string {
  const { share_across_routes, include_consumer, include_vars, share_across_consumers } = settings
  const { consumer } = ctx
  const parts: string[] = []
  if (!share_across_routes) parts.push(`route=${escaped(ctx.route.id)}`)
  if (include_consumer || (consumer && !share_across_consumers))
    parts.push(`consumer=${escaped(consumer?.username ?? '')}`)
  // Callers that bring their own key to the provider may not read what somebody else's key has paid for. The anonymous
  // consumer, which is everybody, has no credential.
  if (!share_across_consumers && consumer?.credentialId === undefined) {
    const caller = callerOf(ctx)
    if (caller !== '') parts.push(`caller=${caller}`)
  }
  for (const name of include_vars) parts.push(`${name}=${escaped(textOf(ctx.variable(name)))}`)
  return parts.length === 0 ? 'shared' : parts.join(':')
}

function callerOf({ request }: RequestContext): string {
  let credentials = ''
  for (const name of credentialHeaders) {
    const value = request.headers[name]
    if (value !== undefined) credentials += `${name} ${String(value)}\n`
  }
  return credentials === '' ? '' : hash('sha256', credentials)
}

/** So that no value can look like the parts of another scope. */
function escaped(value: string): string {
  return value.replace(/[%:=]/g, (character) => escapes[character] ?? character)
}

const escapes: Readonly<Record<string, string>> = { '%': '%25', ':': '%3A', '=': '%3D' }

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
