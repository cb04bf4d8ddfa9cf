// The comparisons of the expression language (contract/routing.md §4). Each is compiled for its right side.

import { parseAddressSet } from '../ip/address-set.ts'
import { compilePattern } from '../schema/pattern.ts'

/** Judges the left side, the value of a variable. */
export type Comparison = (left: unknown) => boolean
type Operator = (right: unknown) => Comparison | string

const operators: Readonly<Record<string, Operator>> = {
  '==': (right) => {
    if (typeof right === 'number') return (left) => toNumber(left) === right
    return right === undefined ? isAbsent : (left) => left === right
  },
  '~=': (right) => {
    if (typeof right === 'number') return (left) => toNumber(left) !== right
    return right === undefined ? (left) => !isAbsent(left) : (left) => left !== right
  },
  '>': (right) => numeric(right, (left, limit) => left > limit),
  '>=': (right) => numeric(right, (left, limit) => left >= limit),
  '<': (right) => numeric(right, (left, limit) => left < limit),
  '<=': (right) => numeric(right, (left, limit) => left <= limit),
  '~~': (right) => matching(right, ''),
  '~*': (right) => matching(right, 'i'),
  in: (right) => (Array.isArray(right) ? (left) => right.includes(left) : () => false),
  has: (right) => (left) => Array.isArray(left) && left.includes(right),
  ipmatch: (right) => {
    const entries = Array.isArray(right) ? right : [right]
    if (!entries.every((entry) => typeof entry === 'string')) return 'invalid ip address'
    const addresses = parseAddressSet(entries)
    if (!addresses.ok) return addresses.error
    return (left) => typeof left === 'string' && addresses.value.has(left)
  },
}

export function isOperator(name: unknown): name is string {
  return typeof name === 'string' && Object.hasOwn(operators, name)
}

/**
 * The comparison `left <name> right`, or the complaint. JSON's null on the right means that the variable is
 * absent, so it becomes `undefined` here.
 */
export function compileComparison(name: string, right: unknown): Comparison | string {
  return operators[name]?.(right ?? undefined) ?? `invalid operator '${name}'`
}

function numeric(right: unknown, compare: (left: number, limit: number) => boolean): Comparison {
  const limit = toNumber(right)
  if (limit === undefined) return () => false
  return (left) => {
    const value = toNumber(left)
    return value !== undefined && compare(value, limit)
  }
}

function matching(right: unknown, flags: string): Comparison | string {
  if (typeof right !== 'string' && typeof right !== 'number') return 'invalid expression'
  try {
    const pattern = compilePattern(String(right), flags)
    return (left) => {
      if (typeof left === 'string') return pattern.test(left)
      return typeof left === 'number' && pattern.test(String(left))
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function isAbsent(left: unknown): boolean {
  return left === undefined || left === null
}

// Clients choose these texts: one with many digits is read once, not from every digit anew.
const numberText = /^\s*[+-]?(?:\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|0x[\da-f]+)\s*$/i

/** A number, or a text that Lua's `tonumber` would read as one. */
function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !numberText.test(value)) return undefined
  const text = value.trim()
  return text.startsWith('-') ? -Number(text.slice(1)) : Number(text.startsWith('+') ? text.slice(1) : text)
}
