import { connect } from 'node:net'
import { compileExpr, GatewayError } from '@weir/contract'
import type { ByteSink, ByteStream, PluginInstance, Reply } from '@weir/plugin-api'
import { rawRequest, until } from '@weir/testkit'
import { expect, test } from 'vitest'
import { entry, routeOf, serve } from './pipeline.testing.ts'

/** A stream in a test's hands. */
class Source implements ByteStream {
  sink: ByteSink | undefined
  paused = false
  aborted = false
  start(sink: ByteSink): void {
    this.sink = sink
  }
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
  }
  abort(): void {
    this.aborted = true
  }
}

function streaming(source: Source): PluginInstance {
  return {
    proxy: () => ({
      status: 200,
      headers: ['Content-Type', 'text/event-stream'],
      source: 'upstream',
      body: source,
    }),
  }
}

async function started(source: Source): Promise<ByteSink> {
  await until(() => source.sink !== undefined)
  return source.sink as ByteSink
}

test('no route: 404 in the contract’s words, after the global rules', async () => {
  const { port, summaries } = await serve(undefined, [
    entry('g', 1, { access: (ctx) => void ctx.addResponseHeader('X-Global', '1') }),
  ])
  const response = await rawRequest({ port, path: '/nowhere' })
  expect(response).toMatchObject({ status: 404, text: '{"error_msg":"404 Route Not Found"}\n' })
  expect(response.header('content-type')).toBe('text/plain; charset=utf-8')
  expect(response.header('x-global')).toBe('1')
  expect(summaries).toMatchObject([{ status: 404, source: 'apisix', outcome: 'complete' }])
})

test('plugins run by priority, global rules first, and the first reply ends the request', async () => {
  const seen: string[] = []
  const note = (name: string, reply?: Reply): PluginInstance => ({
    rewrite: () => void seen.push(`rewrite ${name}`),
    access: async () => {
      await Promise.resolve()
      seen.push(`access ${name}`)
      return reply
    },
    log: () => void seen.push(`log ${name}`),
  })
  const { port } = await serve(
    routeOf([
      entry('low', 1, note('low')),
      entry('high', 9, note('high', { status: 403, body: { message: 'no' } })),
    ]),
    [entry('global', 5, note('global'))],
  )
  const response = await rawRequest({ port })
  expect(response).toMatchObject({ status: 403, text: '{"message":"no"}\n' })
  await until(() => seen.length === 8)
  expect(seen).toEqual([
    'rewrite global',
    'rewrite high',
    'rewrite low',
    'access global',
    'access high',
    'log global',
    'log high',
    'log low',
  ])
})

test('a header that is set replaces what was set before, one that is added stands beside it', async () => {
  const { port } = await serve(
    routeOf([
      entry('route', 1, {
        access(ctx) {
          ctx.setResponseHeader('X-Limit', '2')
          ctx.addResponseHeader('X-Seen', 'route')
        },
      }),
    ]),
    [
      entry('global', 1, {
        access(ctx) {
          ctx.addResponseHeader('X-Seen', 'global')
          ctx.setResponseHeader('X-Limit', '1')
        },
      }),
    ],
  )
  const { rawHeaders } = await rawRequest({ port })
  const pairs = rawHeaders.filter(([name]) => name.startsWith('X-'))
  expect(pairs).toEqual([
    ['X-Seen', 'global'],
    ['X-Limit', '2'],
    ['X-Seen', 'route'],
  ])
})

test.each(['a b', 'ü', ''])('a header that cannot be sent is a 500, not silence: %j', async (name) => {
  const { port, log } = await serve(
    routeOf([
      entry('bad', 1, {
        access: (ctx) => void ctx.addResponseHeader(name, '1'),
        proxy: () => ({ status: 200, headers: [], source: 'upstream', body: Buffer.from('x') }),
      }),
    ]),
  )
  expect(await rawRequest({ port })).toMatchObject({ status: 500 })
  expect(log.lines).toHaveLength(1)
})

test('the variable of a header knows it with hyphens and with underscores', async () => {
  const seen: unknown[] = []
  const route = routeOf([
    entry('reads', 1, { access: (ctx) => void seen.push(ctx.variable('http_Time_window')) }),
  ])
  const { port } = await serve(route)
  for (const name of ['Time-Window', 'time_window', 'other'])
    await rawRequest({ port, headers: { [name]: '5' } })
  expect(seen).toEqual(['5', '5', undefined])
})

test('_meta: error_response replaces a rejection, priority reorders, a filter is decided once', async () => {
  let evaluated = 0
  const parsed = compileExpr([['arg_on', '==', 'yes']])
  if (!parsed.ok) throw new Error(parsed.error)
  const filter = {
    variables: parsed.variables,
    evaluate: (lookup: (name: string) => unknown) => {
      evaluated++
      return parsed.evaluate(lookup)
    },
  }
  const { port } = await serve(
    routeOf([
      entry('filtered', 9, { rewrite: () => undefined, access: () => ({ status: 401 }) }, { filter }),
      entry(
        'late',
        1,
        { access: () => ({ status: 429, body: 'x' }) },
        { priority: 8, errorResponse: { code: 7 } },
      ),
    ]),
  )
  expect(await rawRequest({ port, path: '/?on=no' })).toMatchObject({ status: 429, text: '{"code":7}\n' })
  expect(evaluated).toBe(1)
  expect(await rawRequest({ port, path: '/?on=yes' })).toMatchObject({ status: 401 })
})

test('a consumer’s plugins join after authentication and override by name', async () => {
  const seen: string[] = []
  const jack = { username: 'jack', groupId: undefined, labels: {}, credentialId: undefined }
  const auth = entry('auth', 9, { authenticate: () => jack })
  const own = entry('limit', 5, { access: () => void seen.push('route') })
  const theirs = entry('limit', 5, {
    rewrite: () => void seen.push('never'),
    access: () => void seen.push('consumer'),
  })
  const extra = entry('extra', 4, { rewrite: () => void seen.push('joined') })
  const { port } = await serve(routeOf([auth, own], { entriesFor: () => [auth, theirs, extra] }))
  await rawRequest({ port })
  expect(seen).toEqual(['joined', 'consumer'])
})

test('a stream goes out as it comes, and ends like one', async () => {
  const source = new Source()
  const { port, summaries } = await serve(routeOf([entry('p', 1, streaming(source))]))
  const answer = rawRequest({ port })
  const sink = await started(source)
  sink.chunk(Buffer.from('data: 1\n\n'))
  sink.chunk(Buffer.from('data: 2\n\n'))
  await new Promise(setImmediate)
  sink.chunk(Buffer.from('data: 3\n\n'))
  sink.end()
  expect(await answer).toMatchObject({
    status: 200,
    text: 'data: 1\n\ndata: 2\n\ndata: 3\n\n',
    ended: 'complete',
  })
  expect(summaries).toMatchObject([{ outcome: 'complete', responseBytes: 27 }])
})

test('a stream that breaks never looks complete', async () => {
  const source = new Source()
  const { port, summaries } = await serve(routeOf([entry('p', 1, streaming(source))]))
  const answer = rawRequest({ port })
  const sink = await started(source)
  sink.chunk(Buffer.from('data: 1\n\n'))
  sink.fail(new GatewayError('upstream_broken', 'reset'))
  expect(await answer).toMatchObject({ text: 'data: 1\n\n', ended: 'cut' })
  expect(summaries).toMatchObject([{ outcome: 'upstream_broken' }])
})

test('a client that does not read holds the upstream back, and its leaving ends it', async () => {
  const source = new Source()
  const { port, summaries } = await serve(routeOf([entry('p', 1, streaming(source))]))
  const socket = connect(port, '127.0.0.1').pause()
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const sink = await started(source)
  const chunk = Buffer.alloc(1 << 20, 'x')
  for (let count = 0; count < 64 && !source.paused; count++) {
    sink.chunk(chunk)
    await new Promise(setImmediate)
  }
  expect(source.paused).toBe(true)
  socket.resume()
  await until(() => !source.paused)
  socket.destroy()
  await until(() => source.aborted)
  expect(summaries).toMatchObject([{ outcome: 'client_gone' }])
})

test('a client that leaves before the answer aborts the work and is logged as such', async () => {
  let aborted = false
  const { port, summaries } = await serve(
    routeOf([
      entry('p', 1, {
        proxy: (ctx) =>
          new Promise((_, reject) => {
            ctx.signal.addEventListener('abort', () => {
              aborted = true
              reject(ctx.signal.reason as Error)
            })
          }),
      }),
    ]),
  )
  const socket = connect(port, '127.0.0.1')
  socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise(setImmediate)
  socket.destroy()
  await until(() => summaries.length === 1)
  expect(aborted).toBe(true)
  expect(summaries).toMatchObject([{ status: 499, outcome: 'client_gone' }])
})

test('a stage sees whole events, holds them back while it waits, and may end the stream', async () => {
  const source = new Source()
  let verdict: (() => void) | undefined
  const seen: string[] = []
  const stage: PluginInstance = {
    stage: () => ({
      onEvent(event, out) {
        seen.push(event.data)
        if (event.data === 'stop') {
          out.push('data: denied\n\n')
          out.finish()
          return
        }
        return new Promise<void>((resolve) => {
          verdict = () => {
            out.push(event.bytes ?? '')
            resolve()
          }
        })
      },
    }),
  }
  const { port } = await serve(routeOf([entry('p', 1, streaming(source)), entry('s', 2, stage)]))
  const answer = rawRequest({ port })
  const sink = await started(source)
  sink.chunk(Buffer.from('data: a\n\ndata: st'))
  expect(source.paused).toBe(true)
  sink.chunk(Buffer.from('op\n\ndata: never\n\n'))
  expect(seen).toEqual(['a'])
  verdict?.()
  expect(await answer).toMatchObject({ text: 'data: a\n\ndata: denied\n\n', ended: 'complete' })
  expect(seen).toEqual(['a', 'stop'])
  expect(source.aborted).toBe(true)
})

test('a tap sees what the client gets, wherever its plugin stands', async () => {
  const source = new Source()
  const seen: string[] = []
  const tap: PluginInstance = {
    tap: () => ({
      onChunk(bytes, out) {
        seen.push(bytes.toString())
        out.push(bytes)
      },
      onEnd: () => void seen.push('end'),
    }),
  }
  const stage: PluginInstance = {
    stage: () => ({ onChunk: (bytes, out) => out.push(bytes.toString().toUpperCase()) }),
  }
  const { port } = await serve(
    routeOf([entry('p', 1, streaming(source)), entry('t', 3, tap), entry('s', 2, stage)]),
  )
  const answer = rawRequest({ port })
  const sink = await started(source)
  sink.chunk(Buffer.from('secret'))
  sink.end()
  expect(await answer).toMatchObject({ text: 'SECRET', ended: 'complete' })
  expect(seen).toEqual(['SECRET', 'end'])
})

test('a stage that fails breaks the stream off: nothing passes unchecked', async () => {
  const source = new Source()
  const stage: PluginInstance = { stage: () => ({ onChunk: () => Promise.reject(new Error('no service')) }) }
  const { port } = await serve(routeOf([entry('p', 1, streaming(source)), entry('s', 2, stage)]))
  const answer = rawRequest({ port })
  ;(await started(source)).chunk(Buffer.from('secret'))
  expect(await answer).toMatchObject({ text: '', ended: 'cut' })
})

test('a plugin that throws is a 500 that names nothing, and a log line without its message', async () => {
  const { port, log } = await serve(
    routeOf([
      entry('p', 1, {
        access: () => {
          throw new SyntaxError('Unexpected token in "my prompt"')
        },
      }),
    ]),
  )
  expect(await rawRequest({ port })).toMatchObject({
    status: 500,
    text: '{"error_msg":"Internal Server Error"}\n',
  })
  expect(JSON.stringify(log)).not.toContain('my prompt')
})

test('a complete answer is shown to the plugins that check answers', async () => {
  const answer = {
    status: 200,
    bytes: Buffer.from('{}'),
    json: {},
    text: 'bad words',
    readText: () => 'bad words',
    usage: undefined,
  }
  const { port } = await serve(
    routeOf([
      entry('p', 1, {
        proxy: () => ({ status: 200, headers: [], source: 'upstream', body: answer.bytes, answer }),
      }),
      entry('m', 2, {
        llmResponse: (_ctx, { text }) =>
          Promise.resolve(text.includes('bad') ? { status: 200, body: 'denied' } : undefined),
      }),
    ]),
  )
  expect(await rawRequest({ port })).toMatchObject({ status: 200, text: 'denied' })
})

test('a body is read once and bounded', async () => {
  const { port } = await serve(
    routeOf([
      entry('p', 1, {
        access: async ({ request }) => {
          const body = await request.readBody(10)
          return typeof body === 'number' ? { status: 413, body: String(body) } : { status: 200, body }
        },
      }),
    ]),
  )
  expect(await rawRequest({ port, method: 'POST', body: '12345' })).toMatchObject({ status: 200 })
  expect(await rawRequest({ port, method: 'POST', body: '12345678901' })).toMatchObject({
    status: 413,
    text: '11',
  })
  const chunked = await rawRequest({
    port,
    method: 'POST',
    headers: { 'Transfer-Encoding': 'chunked' },
    body: '6\r\n123456\r\n6\r\n123456\r\n0\r\n\r\n',
  })
  expect(chunked).toMatchObject({ status: 413, text: '12' })
})
