// What a consistent hash is taken of (routing.md §9).
import { compileTemplate, type Upstream } from '@weir/contract'
import type { ForwardContext } from './types.ts'

/** Falls back to the client's address where the key is absent. */
export type HashKey = (ctx: ForwardContext) => string

export function createHashKey({ hash_on, key = '' }: Upstream): HashKey {
  const read = createReader(hash_on, key)
  return (ctx) => read(ctx) ?? ctx.request.remoteAddress
}

function createReader(hashOn: Upstream['hash_on'], key: string): (ctx: ForwardContext) => string | undefined {
  switch (hashOn) {
    case 'vars':
      return variableReader(key)
    case 'header':
      return variableReader(`http_${key.toLowerCase().replaceAll('-', '_')}`)
    case 'cookie':
      return variableReader(`cookie_${key}`)
    case 'consumer':
      return (ctx) => ctx.consumer?.username
    case 'vars_combinations':
      return templateReader(key)
  }
}

function variableReader(name: string): (ctx: ForwardContext) => string | undefined {
  return (ctx) => toText(ctx.variable(name))
}

function templateReader(text: string): (ctx: ForwardContext) => string | undefined {
  const template = compileTemplate(text)
  return (ctx) => {
    const lookup = (name: string) => ctx.variable(name)
    return template.countResolved(lookup) > 0 ? template.render(lookup) : undefined
  }
}

function toText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}
