// Expressions in configurations, which APISIX compiles when it checks them.
import { compileExpr } from '../../expr/index.ts'
import { isJsonObject } from '../../schema/index.ts'
import type { ConfigCheck } from './check.ts'
import { firstOf, itemsOf } from './items.ts'

/** The complaint about an expression, which may be absent. */
function expressionComplaint(expression: unknown): string | undefined {
  if (expression === undefined) return undefined
  const compiled = compileExpr(expression)
  return compiled.ok ? undefined : compiled.error
}

/** The same, as most plugins word it. */
export function namedComplaint(name: string, expression: unknown): string | undefined {
  const complaint = expressionComplaint(expression)
  return complaint === undefined ? undefined : `failed to validate the '${name}' expression: ${complaint}`
}

/** Of the loggers: whether a body is logged. */
export const checkBodyExpressions: ConfigCheck = (config) =>
  namedComplaint('include_req_body_expr', config['include_req_body_expr']) ??
  namedComplaint('include_resp_body_expr', config['include_resp_body_expr'])

export const checkFileMatch: ConfigCheck = (config) =>
  firstOf(itemsOf(config['match']), (one) => namedComplaint('match', one)) ??
  checkBodyExpressions(config, () => undefined)

export const checkSplitVars: ConfigCheck = (config) =>
  firstOf(itemsOf(config['rules']), (rule) =>
    firstOf(itemsOf(isJsonObject(rule) ? rule['match'] : undefined), (match) =>
      isJsonObject(match) ? namedComplaint('vars', match['vars']) : undefined,
    ),
  )

/** Each of a list of expressions; one that holds is enough for the fault. */
export const checkFaultVars: ConfigCheck = ({ abort, delay }) =>
  firstOf([abort, delay], (fault) =>
    firstOf(itemsOf(isJsonObject(fault) ? fault['vars'] : undefined), expressionComplaint),
  )
