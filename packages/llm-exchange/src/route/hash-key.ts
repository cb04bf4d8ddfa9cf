// What consistent hashing hashes (contract/ai-plugins.md §8.1).
import { compileTemplate } from '@weir/contract'
import type { RequestContext } from '@weir/plugin-api'
import type { BalancerSettings } from '../settings.ts'

/** The key of a request; the client's address when there is none. */
export function createHashKey({
  hash_on: hashOn = 'vars',
  key = '',
}: BalancerSettings): (ctx: RequestContext) => string {
  const read = createReader(hashOn, key)
  return (ctx) => {
    const value = read(ctx)
    if (typeof value === 'string' && value !== '') return value
    return typeof value === 'number' ? String(value) : ctx.request.remoteAddress
  }
}

function createReader(
  hashOn: NonNullable<BalancerSettings['hash_on']>,
  key: string,
): (ctx: RequestContext) => unknown {
  switch (hashOn) {
    case 'vars':
      return (ctx) => ctx.variable(key)
    case 'header': {
      const name = key.toLowerCase().replaceAll('_', '-')
      return (ctx) => ctx.request.header(name)
    }
    case 'cookie':
      return (ctx) => ctx.variable(`cookie_${key}`)
    case 'consumer':
      return (ctx) => ctx.consumer?.username
    case 'vars_combinations': {
      const template = compileTemplate(key)
      return (ctx) => {
        const lookup = (name: string) => ctx.variable(name)
        return template.countResolved(lookup) > 0 ? template.render(lookup) : undefined
      }
    }
  }
}
