import fc from 'fast-check'
import { copyJson, isJsonObject, type JsonObject } from '@weir/contract'
import { describe, expect, it } from 'vitest'
import { mergePatch, setAtPath } from './merge.ts'

function merged(target: JsonObject, patch: JsonObject): JsonObject {
  const copy = copyJson(target)
  mergePatch(copy, patch)
  return copy
}

const objects = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => copyJson(value) as JsonObject)

describe('merge patch', () => {
  it('merges objects, replaces arrays and scalars, removes by null', () => {
    const target = { a: { b: 1, c: [1, 2] }, d: 'x', e: 2 }
    expect(merged(target, { a: { c: [3], f: true }, d: { g: 1 }, e: null })).toEqual({
      a: { b: 1, c: [3], f: true },
      d: { g: 1 },
    })
  })

  it('gives the same when it is applied a second time', () => {
    fc.assert(
      fc.property(objects, objects, (target, patch) => {
        const once = merged(target, patch)
        expect(merged(once, patch)).toEqual(once)
      }),
    )
  })

  it('leaves no null and loses nothing that the patch does not name', () => {
    fc.assert(
      fc.property(objects, objects, (target, patch) => {
        const result = merged(target, patch)
        for (const name of Object.keys(target)) {
          if (!Object.hasOwn(patch, name)) expect(result[name]).toEqual(target[name])
        }
        for (const [name, value] of Object.entries(patch)) {
          expect(Object.hasOwn(result, name)).toBe(value !== null)
          if (!isJsonObject(value) && value !== null) expect(result[name]).toEqual(value)
        }
      }),
    )
  })

  it('keeps __proto__ a member like any other', () => {
    const result = merged({}, JSON.parse('{"__proto__":{"polluted":true}}') as JsonObject)
    expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":true}}')
    expect({}).not.toHaveProperty('polluted')
  })
})

describe('setting a member by its path', () => {
  it('makes the objects on the way', () => {
    const target: JsonObject = { a: { b: 1 } }
    expect(setAtPath(target, ['a', 'c', 'd'], [1])).toBeUndefined()
    expect(target).toEqual({ a: { b: 1, c: { d: [1] } } })
  })

  it('does not go through a scalar', () => {
    expect(setAtPath({ a: 'text' }, ['a', 'b'], 1)).toBe('invalid sub-path: /a')
  })

  it('makes an object of an array that it is sent into', () => {
    const target: JsonObject = { nodes: [{ port: 1 }] }
    setAtPath(target, ['nodes', '0', 'port'], 2)
    expect(target).toEqual({ nodes: { 0: { port: 2 } } })
  })

  it('does not reach prototypes', () => {
    const target: JsonObject = {}
    setAtPath(target, ['__proto__', 'polluted'], true)
    expect({}).not.toHaveProperty('polluted')
    expect(JSON.stringify(target)).toBe('{"__proto__":{"polluted":true}}')
  })
})
