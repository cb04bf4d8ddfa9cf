// When something is logged: expressions over variables, ready to be evaluated.
import { type CompiledExpr, compileExpr } from '@weir/contract'
import type { RequestContext } from '@weir/plugin-api'

/** @throws Error with the complaint. */
export function compileAll(rules: readonly unknown[]): readonly CompiledExpr[] {
  return rules.map((rule) => {
    const parsed = compileExpr(rule)
    if (!parsed.ok) throw new Error(parsed.error)
    return parsed
  })
}

export function complaintAbout(member: string, rules: readonly unknown[]): string | undefined {
  try {
    compileAll(rules)
    return undefined
  } catch (error) {
    return `failed to validate the '${member}' expression: ${error instanceof Error ? error.message : 'invalid'}`
  }
}

export function anyHolds(expressions: readonly CompiledExpr[], ctx: RequestContext): boolean {
  return expressions.some((expression) => expression.evaluate((name) => ctx.variable(name)))
}
