// A limit or a window: a number, or a var template that must resolve to one for each request.
import { compileTemplate } from '@weir/contract'
import type { RequestContext } from '@weir/plugin-api'

/** The amount for this request, or undefined when the template does not resolve to a positive whole number. */
export type QuotaAmount = (ctx: RequestContext) => number | undefined

const luaNumber = /^\s*[+-]?(?:0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*$/

export function compileAmount(value: number | string): QuotaAmount {
  if (typeof value === 'number') return () => value
  const template = compileTemplate(value)
  if (template.isConstant) {
    const amount = toAmount(value)
    return () => amount
  }
  return (ctx) => toAmount(template.render((name) => ctx.variable(name)))
}

function toAmount(text: string): number | undefined {
  const amount = luaNumber.test(text) ? Number(text) : NaN
  return Number.isSafeInteger(amount) && amount > 0 ? amount : undefined
}
