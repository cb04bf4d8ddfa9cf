// Whose requests are counted together (common-plugins.md §3): a variable, a text of several, or everybody's.
import { compileTemplate } from '@weir/contract'
import type { RequestContext } from '@weir/plugin-api'

export type LimitKey = (ctx: RequestContext) => string

/** A key without a value is the client's address, so that nobody escapes by leaving a header out. */
export function compileLimitKey(key: string, keyType: 'var' | 'var_combination' | 'constant'): LimitKey {
  switch (keyType) {
    case 'constant':
      return () => key
    case 'var':
      return (ctx) => textOf(ctx.variable(key)) || ctx.request.remoteAddress
    case 'var_combination': {
      const template = compileTemplate(key)
      return (ctx) => {
        const lookup = (name: string) => ctx.variable(name)
        return template.countResolved(lookup) > 0 ? template.render(lookup) : ctx.request.remoteAddress
      }
    }
  }
}

/** Undefined when none of the variables has a value: then a rule does not apply. */
export function compileRuleKey(key: string): (ctx: RequestContext) => string | undefined {
  const template = compileTemplate(key)
  return (ctx) => {
    const lookup = (name: string) => ctx.variable(name)
    return template.countResolved(lookup) > 0 ? template.render(lookup) : undefined
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}
