// `cost_expr`: a Lua arithmetic expression over the numbers of a provider's usage (ai-plugins.md §10), parsed once
// into functions. Lua's precedence, its `and`, `or` and comparisons are here because ternaries are written with them.
import { createCostTokens, type Token } from './cost-tokens.ts'
import { luaMath, type LuaFunction } from './lua-math.ts'

export type Usage = Readonly<Record<string, unknown>>

type Value = number | boolean | undefined
type Expression = (usage: Usage) => Value

/** The expression cannot be read, or cannot be worked out for this usage. */
export class CostExpressionError extends Error {
  override readonly name = 'CostExpressionError'
}

/** Parentheses and calls within each other. */
const DEPTH_MAX = 100

/** From weak to strong; `^` and the unary operators bind stronger than all of these. */
const binary: readonly Readonly<Record<string, (left: Expression, right: Expression) => Expression>>[] = [
  { or: (left, right) => (usage) => orElse(left(usage), () => right(usage)) },
  { and: (left, right) => (usage) => andThen(left(usage), () => right(usage)) },
  {
    '<': comparison((a, b) => a < b),
    '>': comparison((a, b) => a > b),
    '<=': comparison((a, b) => a <= b),
    '>=': comparison((a, b) => a >= b),
    '==': (left, right) => (usage) => left(usage) === right(usage),
    '~=': (left, right) => (usage) => left(usage) !== right(usage),
  },
  { '+': arithmetic((a, b) => a + b), '-': arithmetic((a, b) => a - b) },
  {
    '*': arithmetic((a, b) => a * b),
    '/': arithmetic((a, b) => a / b),
    '%': arithmetic((a, b) => a - Math.floor(a / b) * b),
  },
]

/** Returns what the expression costs: 0 or more, whole, rounded half up. Throws CostExpressionError, then and later. */
export function compileCostExpression(text: string): (usage: Usage) => number {
  const parser = new Parser(text)
  const expression = parser.whole()
  return (usage) => {
    const result = expression(usage)
    if (typeof result !== 'number') {
      throw new CostExpressionError(`cost_expr must return a number, got: ${typeName(result)}`)
    }
    if (!Number.isFinite(result)) throw new CostExpressionError('cost_expr returned non-finite value')
    return Math.min(Math.floor(Math.max(result, 0) + 0.5), Number.MAX_SAFE_INTEGER)
  }
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(text: string) {
    this.#tokens = createCostTokens(text, (message) => new CostExpressionError(message))
  }

  whole(): Expression {
    const expression = this.#level(0)
    const { text } = this.#peek()
    if (text !== '') throw this.#unexpected()
    return expression
  }

  #level(level: number): Expression {
    const operators = binary[level]
    if (!operators) return this.#unary()
    let left = this.#level(level + 1)
    for (;;) {
      const token = this.#peek()
      const operator = token.kind === 'number' ? undefined : operators[token.text]
      if (!operator) return left
      this.#next++
      left = operator(left, this.#level(level + 1))
    }
  }

  #unary(): Expression {
    if (this.#accept('-')) {
      const operand = this.#nested(() => this.#unary())
      return (usage) => -toNumber(operand(usage))
    }
    if (this.#accept('not')) {
      const operand = this.#nested(() => this.#unary())
      return (usage) => !isTrue(operand(usage))
    }
    return this.#power()
  }

  #power(): Expression {
    const base = this.#primary()
    if (!this.#accept('^')) return base
    // To the right, and its exponent may be signed: 2^-3^2 is 2^(-(3^2)).
    return arithmetic((a, b) => a ** b)(
      base,
      this.#nested(() => this.#unary()),
    )
  }

  #primary(): Expression {
    const token = this.#peek()
    if (token.kind === 'number') {
      this.#next++
      const { value } = token
      return () => value
    }
    if (this.#accept('(')) {
      const inner = this.#nested(() => this.#level(0))
      this.#expect(')')
      return inner
    }
    if (this.#accept('true')) return () => true
    if (this.#accept('false')) return () => false
    if (this.#accept('nil')) return () => undefined
    if (token.kind !== 'name' || reservedWords.has(token.text)) throw this.#unexpected()
    this.#next++
    return this.#named(token.text)
  }

  #named(name: string): Expression {
    if (name === 'math') {
      this.#expect('.')
      const { kind, text } = this.#peek()
      if (kind !== 'name') throw this.#unexpected()
      this.#next++
      return this.#mathMember(text)
    }
    if (shortNames.has(name)) return this.#mathMember(name)
    return (usage) => {
      const value = usage[name]
      return typeof value === 'number' ? value : 0
    }
  }

  #mathMember(name: string): Expression {
    const member = luaMath.get(name)
    if (member === undefined) throw new CostExpressionError(`unknown function 'math.${name}'`)
    return typeof member === 'number' ? () => member : this.#call(name, member)
  }

  #call(name: string, run: LuaFunction): Expression {
    this.#expect('(')
    const parts: Expression[] = []
    if (!this.#accept(')')) {
      do parts.push(this.#nested(() => this.#level(0)))
      while (this.#accept(','))
      this.#expect(')')
    }
    if (parts.length < run.length) throw new CostExpressionError(`too few arguments for '${name}'`)
    return (usage) => run(...parts.map((part) => toNumber(part(usage))))
  }

  #nested(read: () => Expression): Expression {
    if (++this.#depth > DEPTH_MAX) throw new CostExpressionError('too deeply nested')
    const expression = read()
    this.#depth--
    return expression
  }

  #peek(): Token {
    return this.#tokens[this.#next]!
  }

  #accept(text: string): boolean {
    const token = this.#peek()
    if (token.kind === 'number' || token.text !== text) return false
    this.#next++
    return true
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw new CostExpressionError(`'${text}' expected near ${this.#near()}`)
  }

  #unexpected(): CostExpressionError {
    return new CostExpressionError(`unexpected symbol near ${this.#near()}`)
  }

  #near(): string {
    const { text } = this.#peek()
    return text === '' ? '<eof>' : `'${text}'`
  }
}

const reservedWords = new Set(['and', 'or', 'not', 'true', 'false', 'nil'])

/** Usable without `math.` in front. */
const shortNames = new Set(['abs', 'ceil', 'floor', 'max', 'min'])

function arithmetic(run: (a: number, b: number) => number) {
  return (left: Expression, right: Expression): Expression =>
    (usage) =>
      run(toNumber(left(usage)), toNumber(right(usage)))
}

function comparison(run: (a: number, b: number) => boolean) {
  return (left: Expression, right: Expression): Expression =>
    (usage) =>
      run(toNumber(left(usage)), toNumber(right(usage)))
}

function orElse(left: Value, right: () => Value): Value {
  return isTrue(left) ? left : right()
}

function andThen(left: Value, right: () => Value): Value {
  return isTrue(left) ? right() : left
}

/** In Lua 0 is true. */
function isTrue(value: Value): boolean {
  return value !== undefined && value !== false
}

function toNumber(value: Value): number {
  if (typeof value === 'number') return value
  throw new CostExpressionError(`attempt to calculate with a ${typeName(value)} value`)
}

function typeName(value: Value): string {
  return value === undefined ? 'nil' : typeof value
}
