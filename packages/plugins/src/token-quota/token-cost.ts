// What a request costs in one account: tokens of one kind, or an expression over the provider's own usage.
import type { UsageReport } from '@weir/llm'
import type { QuotaEstimate } from '@weir/plugin-api'
import { compileCostExpression, CostExpressionError } from './cost-expression.ts'

export const strategyMember = {
  type: 'string',
  enum: ['total_tokens', 'prompt_tokens', 'completion_tokens', 'expression'],
  default: 'total_tokens',
} as const

export type Strategy = (typeof strategyMember.enum)[number]

export interface TokenCost {
  /** What to reserve: 1 or more, whole. */
  expected(estimate: QuotaEstimate): number
  /** What was used, whole. Throws CostExpressionError. */
  actual(usage: UsageReport): number
  /** The tokens of completions that so many units pay for; undefined when completions are not what is counted. */
  completionOf(units: number, estimate: QuotaEstimate): number | undefined
}

/** What a schema cannot say about a strategy and its expression (ai-plugins.md §10). */
export function strategyComplaint(strategy: Strategy, costExpr: string | undefined): string | undefined {
  if (strategy !== 'expression') return undefined
  if (!costExpr) return "cost_expr is required when limit_strategy is 'expression'"
  try {
    compileCostExpression(costExpr)
    return undefined
  } catch (error) {
    if (error instanceof CostExpressionError) return `invalid cost_expr: ${error.message}`
    throw error
  }
}

export function createTokenCost(strategy: Strategy, costExpr: string | undefined): TokenCost {
  switch (strategy) {
    case 'total_tokens':
      return tokenCost(
        ({ promptTokens, completionTokens }) => promptTokens + completionTokens,
        ({ totalTokens }) => totalTokens,
        (units, { promptTokens }) => units - Math.ceil(promptTokens),
      )
    case 'prompt_tokens':
      return tokenCost(
        ({ promptTokens }) => promptTokens,
        ({ promptTokens }) => promptTokens,
        () => undefined,
      )
    case 'completion_tokens':
      return tokenCost(
        ({ completionTokens }) => completionTokens,
        ({ completionTokens }) => completionTokens,
        (units) => units,
      )
    case 'expression':
      return expressionCost(costExpr ?? '')
  }
}

function tokenCost(
  expected: (estimate: QuotaEstimate) => number,
  actual: (usage: UsageReport) => number,
  completionOf: TokenCost['completionOf'],
): TokenCost {
  return {
    expected: (estimate) => Math.max(1, Math.ceil(expected(estimate))),
    actual: (usage) => Math.round(actual(usage)),
    completionOf,
  }
}

function expressionCost(costExpr: string): TokenCost {
  const evaluate = compileCostExpression(costExpr)
  return {
    expected({ promptTokens, completionTokens }) {
      try {
        return Math.max(1, evaluate(usageOf(promptTokens, completionTokens)))
      } catch {
        return Math.max(1, Math.ceil(promptTokens + completionTokens))
      }
    },
    actual: ({ raw, promptTokens, completionTokens }) =>
      evaluate(raw ?? usageOf(promptTokens, completionTokens)),
    // An expression says what tokens cost, not how many a cost pays for.
    completionOf: () => undefined,
  }
}

/** An estimate under the names that providers use. */
function usageOf(promptTokens: number, completionTokens: number): Readonly<Record<string, number>> {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    input_tokens: promptTokens,
    output_tokens: completionTokens,
    inputTokens: promptTokens,
    outputTokens: completionTokens,
    totalTokens: promptTokens + completionTokens,
  }
}
