import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileExpr } from './index.ts'

type Variables = Readonly<Record<string, unknown>>

function evaluate(rule: unknown, variables: Variables): boolean | string {
  const compiled = compileExpr(rule)
  return compiled.ok ? compiled.evaluate((name) => variables[name]) : compiled.error
}

describe('comparisons', () => {
  test.each<[unknown, unknown, boolean]>([
    [['v', '==', 'a'], 'a', true],
    [['v', '==', 'a'], 'A', false],
    [['v', '==', 'a'], undefined, false],
    [['v', '==', 1], '1', true],
    [['v', '==', 1], '1.0', true],
    [['v', '==', 1], 'x', false],
    [['v', '==', '1'], 1, false],
    [['v', '==', null], undefined, true],
    [['v', '==', null], '', false],
    [['v', 'a'], 'a', true],
    [['v', 'Hello'], 'Hello', true],
    [['v', '~=', 'a'], undefined, true],
    [['v', '~=', 'a'], 'a', false],
    [['v', '~=', 1], 'x', true],
    [['v', '~=', 1], '1', false],
    [['v', '~=', null], 'a', true],
    [['v', '>', 1], '2', true],
    [['v', '>', '1'], '2', true],
    [['v', '>', 1], '1', false],
    [['v', '>', 1], 'x', false],
    [['v', '>', 'x'], '2', false],
    [['v', '>=', 1], '1', true],
    [['v', '<', 1], '-1', true],
    [['v', '<', 17], '0x10', true],
    [['v', '<=', 1], undefined, false],
    [['v', '~~', '^a+$'], 'aaa', true],
    [['v', '~~', 'a'], undefined, false],
    [['v', '~~', '20[0-9]'], 204, true],
    [['v', '~*', 'ABC'], 'xabcx', true],
    [['v', 'in', ['a', 'b']], 'b', true],
    [['v', 'IN', ['a', 'b']], 'c', false],
    [['v', 'in', [1, 2]], '1', false],
    [['v', 'has', 'b'], ['a', 'b'], true],
    [['v', 'has', 'b'], 'b', false],
    [['v', 'ipmatch', ['10.0.0.0/8', '::1']], '10.1.2.3', true],
    [['v', 'ipmatch', '127.0.0.1'], '127.0.0.2', false],
    [['v', 'ipmatch', '127.0.0.1'], undefined, false],
    [['v', '!', '==', 'a'], 'b', true],
    [['v', '!', 'in', ['a']], 'a', false],
  ])('%j with %j is %s', (comparison, value, expected) => {
    expect(evaluate([comparison], { v: value })).toBe(expected)
  })

  test('of a text with very many digits hold nobody up', () => {
    const digits = '1'.repeat(500_000)
    expect(evaluate([['v', '>', 1]], { v: `${digits}x` })).toBe(false)
    expect(evaluate([['v', '>', 1]], { v: `1.${digits}e1` })).toBe(true)
  })
})

describe('logic', () => {
  const [yes, no] = [
    ['v', '==', 'a'],
    ['v', '==', 'b'],
  ]
  test.each<[unknown, boolean]>([
    [[], true],
    [[yes, yes], true],
    [[yes, no], false],
    [['AND', yes, yes], true],
    [['or', no, yes], true],
    [['!AND', yes, no], true],
    [['!OR', no, yes], false],
    [['OR', ['AND', yes, no], ['!OR', no, no]], true],
    [[yes, ['OR', no, yes]], true],
    [[[yes, yes], yes], true],
  ])('%j is %s', (rule, expected) => {
    expect(evaluate(rule, { v: 'a' })).toBe(expected)
  })
})

describe('complaints', () => {
  test.each([
    [['v', '==', 'a'], 'rule should be wrapped inside brackets'],
    ['v', 'rule should be wrapped inside brackets'],
    [['OR', ['v', '==', 'a']], 'rule too short'],
    [[[]], 'rule too short'],
    [[['v', 'not', '==', 'a']], "bad 'not' expression"],
    [[['v']], 'invalid expression'],
    [[['v', null, 'a']], 'invalid expression'],
    [['AND', 'a', 'b'], 'invalid expression'],
    [[['v', '??', 'a']], "invalid operator '??'"],
    [[['v', 'LIKE', 'a']], "invalid operator 'like'"],
    [[['v', 'ipmatch', 'x']], 'invalid ip address: x'],
    [[['v', 'ipmatch', 1]], 'invalid ip address'],
  ])('%j: %s', (rule, expected) => {
    expect(evaluate(rule, {})).toBe(expected)
  })

  test('a bad regular expression is one', () => {
    expect(compileExpr([['v', '~~', '(']])).toMatchObject({ ok: false })
  })
})

test('the variables are known', () => {
  const compiled = compileExpr([
    ['arg_a', '==', '1'],
    ['OR', ['http_b', '==', '1'], ['arg_a', '!', '==', '2']],
  ])
  expect(compiled.ok && compiled.variables).toEqual(['arg_a', 'http_b'])
})

// Expressions over the variables a, b and c, whose values are the digits 0 to 3, some absent.
const name = fc.constantFrom('a', 'b', 'c')
const atom = fc.tuple(name, fc.constantFrom('==', '~=', '<', '>=', '>', '<='), fc.integer({ min: 0, max: 3 }))
const { rule } = fc.letrec<{ rule: unknown[] }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 3 },
    atom,
    fc
      .tuple(
        fc.constantFrom('AND', 'OR', '!AND', '!OR'),
        fc.array(tie('rule'), { minLength: 2, maxLength: 3 }),
      )
      .map(([op, parts]) => [op, ...parts]),
  ),
}))
const variables = fc.dictionary(name, fc.integer({ min: 0, max: 3 }).map(String))

test('laws of logic', () => {
  fc.assert(
    fc.property(rule, rule, variables, (one, other, values) => {
      const is = (...expression: unknown[]) => evaluate([expression], values)
      expect(is('!AND', one, other)).toBe(!is('AND', one, other))
      expect(is('!OR', one, other)).toBe(!is('OR', one, other))
      expect(is('AND', one, other)).toBe(is('AND', other, one))
      expect(is('OR', one, one)).toBe(evaluate([one], values))
      expect(evaluate([one, other], values)).toBe(is('AND', one, other))
    }),
  )
})

test('a negated comparison is the opposite of the comparison', () => {
  fc.assert(
    fc.property(atom, variables, ([left, op, right], values) => {
      expect(evaluate([[left, '!', op, right]], values)).toBe(!evaluate([[left, op, right]], values))
    }),
  )
})

test('no value whatever makes compiling throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      compileExpr(value)
      compileExpr([value])
      compileExpr([['v', value, value]])
    }),
  )
})
