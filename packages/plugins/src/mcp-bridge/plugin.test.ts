import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { isByteStream, type ByteSink, type GatewayResponse } from '@weir/plugin-api'
import {
  complaintAbout,
  createInstance,
  createTestContext,
  createTestHost,
  type TestRequest,
} from '@weir/plugin-api/harness'
import { until } from '@weir/testkit'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { LineSplitter } from './lines.ts'
import { mcpBridge, sessionsMax } from './plugin.ts'
import { lineBytesMax } from './session.ts'

const disposals: (() => void)[] = []
afterEach(() => {
  for (const dispose of disposals.splice(0)) dispose()
})

function plugin(config: object = {}, resourceKey = '/apisix/routes/1') {
  const host = createTestHost({ owner: { resourceKey, kind: 'route', id: '1' } })
  const instance = createInstance(mcpBridge, { base_uri: '/mcp', command: 'cat', ...config }, host)
  disposals.push(() => instance.dispose?.())
  return async (request: TestRequest): Promise<GatewayResponse> => {
    const response = await instance.proxy?.(createTestContext({ request }))
    if (!response) throw new Error('no response')
    return response
  }
}

/** A client's side of a session. */
class Client implements ByteSink {
  readonly response: GatewayResponse
  text = ''
  hasEnded = false

  constructor(response: GatewayResponse) {
    this.response = response
    if (isByteStream(response.body)) response.body.start(this)
  }

  chunk(bytes: Buffer): void {
    this.text += bytes.toString()
  }

  end(): void {
    this.hasEnded = true
  }

  fail(): void {}

  leave(): void {
    if (isByteStream(this.response.body)) this.response.body.abort(new Error('the client left'))
  }

  get endpoint(): string {
    return /event: endpoint\ndata: (.*)\n\n/.exec(this.text)?.[1] ?? ''
  }

  /** What came as messages, without pings. */
  get messages(): readonly string[] {
    const all = [...this.text.matchAll(/event: message\ndata: (.*)\n\n/g)].map(([, data]) => data ?? '')
    return all.filter((data) => !data.includes('"ping"'))
  }

  hears(count: number): Promise<unknown> {
    return until(() => this.messages.length >= count)
  }
}

type Bridge = ReturnType<typeof plugin>

async function connect(bridge: Bridge): Promise<Client> {
  return new Client(await bridge({ target: '/mcp/sse' }))
}

const send = (bridge: Bridge, client: Client, body: string) =>
  bridge({ method: 'POST', target: client.endpoint, body })

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a session', () => {
  test('begins with its endpoint and a ping', async () => {
    const client = await connect(plugin())
    expect(client.response.headers).toEqual([
      'Content-Type',
      'text/event-stream',
      'Cache-Control',
      'no-cache',
    ])
    expect(client.text).toMatch(
      /^event: endpoint\ndata: \/mcp\/message\?sessionId=[\da-f-]{36}\n\nevent: message\ndata: \{"jsonrpc": "2.0","method": "ping","id":"ping:1"\}\n\n$/,
    )
  })

  test('takes messages in order, each as one line, and gives the answers back', async () => {
    const bridge = plugin()
    const client = await connect(bridge)
    expect((await send(bridge, client, '{"id":1,"text":"语言 🙂"}')).status).toBe(202)
    expect((await send(bridge, client, '{\r\n  "id":2\n}')).status).toBe(202)
    await client.hears(2)
    expect(client.messages).toEqual(['{"id":1,"text":"语言 🙂"}', '{   "id":2 }'])
  })

  test('tells what the server complains of', async () => {
    const client = await connect(plugin({ command: 'sh', args: ['-c', 'echo "no \\"way\\"" >&2; cat'] }))
    await client.hears(1)
    expect(client.messages).toEqual([
      '{"jsonrpc":"2.0","method":"notifications/stderr","params":{"content":"no \\"way\\""}}',
    ])
  })

  test('ends with its server', async () => {
    const client = await connect(plugin({ command: 'sh', args: ['-c', 'echo bye'] }))
    await until(() => client.hasEnded)
    expect(client.messages).toEqual(['bye'])
  })

  test('knows nothing of the environment of the gateway', async () => {
    process.env['GATEWAY_SECRET'] = 'secret'
    const client = await connect(plugin({ command: 'env' }))
    await until(() => client.hasEnded)
    delete process.env['GATEWAY_SECRET']
    expect(client.text).toContain('PATH=')
    expect(client.text).not.toContain('GATEWAY_SECRET')
  })

  test('takes its server and what that started with it, whatever they do about it', async () => {
    const script = 'trap "" TERM; sleep 600 & echo $!; echo $$; while true; do sleep 600; done'
    const client = await connect(plugin({ command: 'sh', args: ['-c', script] }))
    await client.hears(2)
    const pids = client.messages.map(Number)
    expect(pids.map(isAlive)).toEqual([true, true])
    client.leave()
    await until(() => !pids.some(isAlive))
    expect(client.hasEnded).toBe(false)
  })

  test('ends with its plugin', async () => {
    const client = await connect(plugin({ command: 'sh', args: ['-c', 'echo $$; cat'] }))
    await client.hears(1)
    for (const dispose of disposals) dispose()
    expect(client.hasEnded).toBe(true)
    await until(() => !isAlive(Number(client.messages[0])))
  })

  test('stops listening to the server while the client takes nothing', async () => {
    const client = await connect(plugin({ command: 'yes' }))
    await client.hears(1)
    const { body } = client.response
    if (!isByteStream(body)) throw new Error('no stream')
    body.pause()
    const length = await settled(() => client.text.length)
    expect(length).toBe(client.text.length)
    body.resume()
    await until(() => client.text.length > length)
  })
})

/** The value once it has stayed the same for a while. */
async function settled(read: () => number): Promise<number> {
  let last = -1
  await until(async () => {
    const before = last
    last = read()
    await new Promise((resolve) => void setTimeout(resolve, 50))
    return before === last
  })
  return last
}

test('messages that reach another worker find their session', async () => {
  const client = await connect(plugin())
  const session = client.endpoint.split('=')[1] ?? ''
  const ask = async (owner: string) => {
    const workerData = { owner, session, message: 'from afar' }
    const worker = new Worker(new URL('sessions.worker.ts', import.meta.url), { workerData })
    const [sent] = await once(worker, 'message')
    await worker.terminate()
    return sent as string
  }
  expect(await ask('/apisix/routes/1')).toBe('sent')
  await client.hears(1)
  expect(client.messages).toEqual(['from afar'])
  expect(await ask('/apisix/routes/2')).toBe('unknown')
})

describe('bounds', () => {
  test('a line that does not end ends the session', async () => {
    const script = `head -c ${lineBytesMax + 1} /dev/zero; sleep 600`
    const client = await connect(plugin({ command: 'sh', args: ['-c', script] }))
    await until(() => client.hasEnded)
    expect(client.text).toContain(`a message of the server is longer than ${lineBytesMax} bytes`)
  })

  test('messages wait for a server that does not listen, up to a limit', async () => {
    const bridge = plugin({ command: 'sleep', args: ['600'] })
    const client = await connect(bridge)
    const body = 'x'.repeat(1024 * 1024 - 2)
    const statuses: number[] = []
    for (let i = 0; i < 6; i++) statuses.push((await send(bridge, client, body)).status)
    expect(statuses).toEqual([202, 202, 202, 202, 500, 500])
  })

  test('sessions', async () => {
    const bridge = plugin({ command: 'sleep', args: ['600'] })
    const clients: Client[] = []
    for (let i = 0; i < sessionsMax; i++) clients.push(await connect(bridge))
    expect((await bridge({ target: '/mcp/sse' })).status).toBe(503)
    clients[0]?.leave()
    expect((await bridge({ target: '/mcp/sse' })).status).toBe(200)
  })
})

describe('what is no message', () => {
  test('is refused', async () => {
    const bridge = plugin()
    const client = await connect(bridge)
    expect((await send(bridge, client, '')).status).toBe(400)
    expect((await send(bridge, client, 'x'.repeat(1024 * 1024 + 1))).status).toBe(413)
    expect((await bridge({ target: '/mcp/other' })).status).toBe(404)
    expect((await bridge({ target: '/sse' })).status).toBe(404)
    expect((await bridge({ method: 'POST', target: '/mcp/sse', body: 'x' })).status).toBe(404)
    expect((await bridge({ target: client.endpoint })).status).toBe(404)
    expect((await bridge({ method: 'POST', target: '/mcp/message', body: 'x' })).status).toBe(404)
  })

  test('reaches no session of another route, nor one that is over', async () => {
    const bridge = plugin()
    const client = await connect(bridge)
    expect((await send(plugin({}, '/apisix/routes/2'), client, 'x')).status).toBe(404)
    client.leave()
    expect((await send(bridge, client, 'x')).status).toBe(404)
  })

  test('and a command that is none is a failure', async () => {
    const response = await plugin({ command: '/nowhere/mcp' })({ target: '/mcp/sse' })
    expect(response).toMatchObject({
      status: 500,
      body: '{"error_msg":"the MCP server could not be started"}\n',
    })
  })
})

test('lines are the same however they are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 10 }), { maxLength: 10 }),
      fc.array(fc.nat(60)),
      (parts, cuts) => {
        const bytes = Buffer.from(parts.join('\n'))
        const places = [...new Set([...cuts.filter((cut) => cut < bytes.length), bytes.length])].toSorted(
          (a, b) => a - b,
        )
        const splitter = new LineSplitter(1000)
        const lines = places.flatMap(
          (end, at) => splitter.push(bytes.subarray(places[at - 1] ?? 0, end)) ?? [],
        )
        const whole = bytes.toString().split('\n')
        const rest = whole.pop() ?? ''
        expect(lines).toEqual(whole.map((line) => line.replace(/\r$/, '')).filter((line) => line !== ''))
        expect(splitter.take()).toBe(rest.replace(/\r$/, ''))
      },
    ),
  )
})

test('configurations', () => {
  expect(complaintAbout(mcpBridge, { command: 'npx' })).toBeUndefined()
  expect(complaintAbout(mcpBridge, { command: 'npx', args: [], base_uri: '/mcp' })).toBeUndefined()
  expect(complaintAbout(mcpBridge, {})).toBe('property "command" is required')
  expect(complaintAbout(mcpBridge, { command: 'npx', args: 'x' })).toContain('property "args"')
})
