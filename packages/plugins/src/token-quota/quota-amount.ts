// A limit or a window: a number, or a var template that must resolve to one for each request.
import { compileTemplate } from '@weir/contract'
import type { RequestContext } from '@weir/plugin-api'

/** The amount for this request, or undefined when the template does not resolve to a whole number that is enough. */
export type QuotaAmount = (ctx: RequestContext) => number | undefined

// A client may choose the text: one with many digits is read once, not from every digit anew.
const luaNumber = /^\s*[+-]?(?:0[xX][\da-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*$/

/** `least` is 1, or 0 where nothing is an amount too. */
export function compileAmount(value: number | string, least = 1): QuotaAmount {
  if (typeof value === 'number') return () => value
  const template = compileTemplate(value)
  if (template.isConstant) {
    const amount = toAmount(value, least)
    return () => amount
  }
  return (ctx) =>
    toAmount(
      template.render((name) => ctx.variable(name)),
      least,
    )
}

function toAmount(text: string, least: number): number | undefined {
  const amount = luaNumber.test(text) ? Number(text) : NaN
  return Number.isSafeInteger(amount) && amount >= least ? amount : undefined
}
