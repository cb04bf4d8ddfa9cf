import { compileExpr } from '@weir/contract'
import type { PluginInstance } from '@weir/plugin-api'
import { rawRequest } from '@weir/testkit'
import { expect, test } from 'vitest'
import * as pipeline from './pipeline.testing.ts'
import type { ChainEntry } from './types.ts'

function compiled(rule: unknown) {
  const expr = compileExpr(rule)
  if (!expr.ok) throw new Error(expr.error)
  return expr
}

function entry(instance: PluginInstance, rule?: unknown): ChainEntry {
  return pipeline.entry('p', 1, instance, rule === undefined ? {} : { filter: compiled(rule) })
}

/** A route for requests that pass `rule`, whose plugins are `entries`. */
async function serve(rule: unknown, entries: readonly ChainEntry[], bodyVariablesBytesMax = 1_000_000) {
  const { evaluate } = compiled(rule)
  const { port } = await pipeline.serve(pipeline.routeOf(entries), [], {
    passes: (ctx) => evaluate((name) => ctx.variable(name)),
    bodyVariablesBytesMax,
  })
  return async (body: string | undefined, type = 'application/json') => {
    const { status, text } = await rawRequest({
      port,
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'Content-Type': type },
      ...(body !== undefined && { body }),
    })
    return `${status} ${text}`
  }
}

const echo = entry({
  access: async (ctx) => {
    const body = await ctx.request.readBody(10_000_000)
    return { status: 200, body: typeof body === 'number' ? '' : String(body.length) }
  },
})

const chat = (model: unknown, filler = '') =>
  JSON.stringify({ model, messages: [{ role: 'system', content: filler }, { role: 'user' }] })

test.each([
  [['post_arg.model', '==', 'big'], 'big', true],
  [['post_arg.model', '==', 'big'], 'small', false],
  [['post_arg.model.name', '==', 'big'], { name: 'big' }, true],
  [['post_arg.model.name.first', '==', 'big'], { name: 'big' }, false],
  [['post_arg.messages[*].role', 'has', 'user'], 'any', true],
  [['post_arg.messages[*].role', 'has', 'tool'], 'any', false],
  [['post_arg.messages[1].role', 'has', 'user'], 'any', true],
  [['post_arg.messages..role', 'has', 'system'], 'any', true],
  [['post_arg.messages[?(@.role)]', '==', 'user'], 'any', false],
  [['post_arg.constructor', '==', null], 'any', true],
])('a rule about JSON: %j of the model %j', async (rule, model, passes) => {
  const ask = await serve([rule], [echo])
  for (const filler of ['', 'x'.repeat(100_000)]) {
    const body = chat(model, filler)
    expect(await ask(body)).toMatch(passes ? `200 ${body.length}` : /^404 /)
  }
})

test('a rule about a form', async () => {
  const form = 'application/x-www-form-urlencoded'
  const named = await serve([['post_arg_model', '==', 'big']], [echo])
  expect(await named('a=1&model=big', form)).toBe('200 13')
  expect(await named('a=1&model=small', form)).toMatch(/^404/)
  expect(await named('{"model":"big"}')).toMatch(/^404/)
  const pathed = await serve([['post_arg.a', 'has', '2']], [echo])
  expect(await pathed('a=1&a=2', form)).toBe('200 7')
})

test('what cannot be read, and what is too large, has no members', async () => {
  const ask = await serve([['post_arg.model', '==', null]], [echo], 100)
  expect(await ask('{')).toBe('200 1')
  expect(await ask('')).toBe('200 0')
  expect(await ask(undefined)).toBe('200 0')
  expect(await ask(undefined, 'application/x-www-form-urlencoded')).toBe('200 0')
  expect(await ask(chat('big'))).toMatch(/^404 /)
  expect(await ask(chat('big'), 'text/plain')).toMatch(/^200 /)
  expect(await ask(chat('big', 'x'.repeat(100)))).toMatch(/^200 /)
})

test('a filter of a plugin', async () => {
  const refusal = entry({ rewrite: () => ({ status: 418 }) }, [['post_arg.model', '==', 'big']])
  const ask = await serve([], [refusal, echo])
  expect(await ask(chat('big'))).toMatch(/^418/)
  expect(await ask(chat('small'))).toMatch(/^200/)
})
