import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileCostExpression, CostExpressionError } from './cost-expression.ts'

const usage = {
  input_tokens: 100,
  output_tokens: 50,
  cache_read_input_tokens: 40,
  details: { deep: 7 },
  model: 'x',
}

test.each([
  ['input_tokens + output_tokens', 150],
  ['(input_tokens - cache_read_input_tokens) + cache_creation_input_tokens * 1.25 + output_tokens', 110],
  ['input_tokens + cache_read_input_tokens * 0.1', 104],
  // Missing, not a number, not at the top.
  ['missing + 1', 1],
  ['model + details + 3', 3],
  // Negative costs nothing; halves are rounded up.
  ['cache_read_input_tokens - input_tokens', 0],
  ['0.5', 1],
  ['2.4999', 2],
  // Lua's precedence.
  ['2 + 3 * 4', 14],
  ['2 ^ 3 ^ 2', 512],
  ['-2 ^ 2 + 10', 6],
  ['2 ^ -1 * 8', 4],
  ['7 % 3 + -7 % 3', 3],
  ['10 - 3 - 2', 5],
  ['not nil and 4 or 5', 4],
  ['0 and 6 or 7', 6],
  // Functions, with and without `math.`.
  ['max(input_tokens, 3, output_tokens)', 100],
  ['min(4, 2) + abs(-3) + ceil(1.2) + floor(1.8)', 8],
  ['math.floor(math.sqrt(input_tokens)) + math.pow(2, 3)', 18],
  ['math.max(1, 2) * math.fmod(7, 4)', 6],
  // Two minus signs begin a comment.
  ['input_tokens --output_tokens', 100],
  ['input_tokens -- all of them\n + output_tokens', 150],
  ['input_tokens --[[ and\n ]] - -output_tokens --[=[ ]] ]=]', 150],
  // Ternaries as Lua writes them.
  ['input_tokens > 50 and input_tokens * 2 or input_tokens', 200],
  ['input_tokens ~= 100 and 1 or output_tokens', 50],
  ['input_tokens == 100 and (output_tokens <= 50 and 3 or 4) or 5', 3],
  ['0x10 + 1e2 + .5 + 5.', 122],
  ['  1+1  ', 2],
])('%s costs %d', (text, cost) => {
  expect(compileCostExpression(text)(usage)).toBe(cost)
})

test.each([
  ['invalid $$$ syntax %%%', "unexpected symbol near '$$$ syntax'"],
  ['', 'unexpected symbol near <eof>'],
  ['1 +', 'unexpected symbol near <eof>'],
  ['1 2', "unexpected symbol near '2'"],
  ['(1', "')' expected near <eof>"],
  ['and 1', "unexpected symbol near 'and'"],
  ['max', "'(' expected near <eof>"],
  ['max()', "too few arguments for 'max'"],
  ['math.random()', "unknown function 'math.random'"],
  ['math', "'.' expected near <eof>"],
  ['os.exit()', "unexpected symbol near '.'"],
  ['foo(1)', "unexpected symbol near '('"],
  ['3x', "malformed number near '3'"],
  ['"text"', 'unexpected symbol near \'"text"\''],
  [`${'('.repeat(200)}1${')'.repeat(200)}`, 'too deeply nested'],
])('%s is refused', (text, message) => {
  expect(() => compileCostExpression(text)).toThrow(new CostExpressionError(message))
})

test.each([
  ['1 / 0', 'cost_expr returned non-finite value'],
  ['0 / 0', 'cost_expr returned non-finite value'],
  ['math.huge', 'cost_expr returned non-finite value'],
  ['1 > 0', 'cost_expr must return a number, got: boolean'],
  ['nil', 'cost_expr must return a number, got: nil'],
  ['1 + (1 > 0)', 'attempt to calculate with a boolean value'],
])('%s cannot be worked out', (text, message) => {
  const cost = compileCostExpression(text)
  expect(() => cost(usage)).toThrow(new CostExpressionError(message))
})

type Tree = { readonly text: string; readonly value: number }

test('any arithmetic agrees with JavaScript, however it is nested', () => {
  const leaf: fc.Arbitrary<Tree> = fc.oneof(
    fc.nat(1000).map((value) => ({ text: String(value), value })),
    fc.constantFrom('a', 'b').map((name) => ({ text: name, value: names[name] })),
  )
  const tree = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc
        .tuple(tie('tree'), fc.constantFrom('+', '-', '*', '/'), tie('tree'))
        .map(([left, operator, right]) => ({
          text: `(${left.text} ${operator} ${right.text})`,
          value: calculate(left.value, operator, right.value),
        })),
      fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => ({
        text: `max(${left.text}, -${right.text})`,
        value: Math.max(left.value, -right.value),
      })),
    ),
  })).tree
  fc.assert(
    fc.property(tree, ({ text, value }) => {
      const cost = compileCostExpression(text)
      if (Number.isFinite(value)) expect(cost(names)).toBe(Math.floor(Math.max(0, value) + 0.5))
      else expect(() => cost(names)).toThrow(CostExpressionError)
    }),
  )
})

test('no text does anything but cost something or be refused', () => {
  const pieces = fc.constantFrom(
    'a',
    '1',
    '+',
    '-',
    '*',
    '(',
    ')',
    'max',
    ',',
    'and',
    'not',
    '.',
    'math',
    '^',
    ' ',
    '<',
    '$',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      try {
        expect(compileCostExpression(parts.join(''))(names)).toBeGreaterThanOrEqual(0)
      } catch (error) {
        expect(error).toBeInstanceOf(CostExpressionError)
      }
    }),
    { numRuns: 500 },
  )
})

const names = { a: 17, b: 0.25 }

function calculate(left: number, operator: string, right: number): number {
  if (operator === '+') return left + right
  if (operator === '-') return left - right
  return operator === '*' ? left * right : left / right
}
