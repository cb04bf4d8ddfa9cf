import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { compileExpr } from '@weir/contract'
import type { PluginInstance, RouteFacts } from '@weir/plugin-api'
import { RecordingLogger } from '@weir/plugin-api/harness'
import { rawRequest } from '@weir/testkit'
import { afterEach, expect, test } from 'vitest'
import { GatewayReply, handleRequest, IncomingRequest } from './index.ts'
import type { ChainEntry, CompiledRoute, Match, PluginMeta } from './types.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

const schema = { json: {}, check: () => undefined, parse: (value: unknown) => ({ ok: true as const, value }) }

function entry(instance: PluginInstance, rule?: unknown): ChainEntry {
  const filter = rule === undefined ? undefined : compileExpr(rule)
  if (filter && !filter.ok) throw new Error(filter.error)
  const meta: PluginMeta = { priority: undefined, filter, errorResponse: undefined }
  return {
    plugin: { name: 'p', priority: 1, schema, create: () => instance },
    meta,
    instance: () => instance,
  }
}

const facts: RouteFacts = {
  id: '',
  name: undefined,
  serviceId: undefined,
  serviceName: undefined,
  uri: '/*',
  hostPattern: '',
  labels: {},
}

/** A route for requests that pass `rule`, whose plugins are `entries`. */
async function serve(rule: unknown, entries: readonly ChainEntry[], bodyVariablesBytesMax = 1_000_000) {
  const compiled = compileExpr(rule)
  if (!compiled.ok) throw new Error(compiled.error)
  const route: CompiledRoute = {
    entries,
    entriesFor: () => undefined,
    upstream: undefined,
    problem: undefined,
    enableWebsocket: false,
  }
  const match: Match = { route, facts, params: undefined }
  const services = {
    runtime: {
      match: (ctx: { variable(name: string): unknown }) =>
        compiled.evaluate((name) => ctx.variable(name)) ? match : undefined,
      globalEntries: [],
    },
    log: new RecordingLogger(),
    record: () => undefined,
    serverHeader: '',
    showUpstreamStatus: false,
    exposeTimings: false,
    bodyVariablesBytesMax,
    draining: () => false,
  }
  const server = createServer({ ServerResponse: GatewayReply }, (message, reply) => {
    void handleRequest(new IncomingRequest(message, (path) => path), reply, services)
  })
  servers.push(server)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
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
