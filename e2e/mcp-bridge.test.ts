// mcp-bridge as MCP clients meet it: two workers share a port, so that a client's messages reach either of them.
import { until } from '@weir/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWeir, type Weir } from './world/weir.ts'

let weir: Weir

beforeAll(async () => {
  weir = await startWeir({ workers: 2, weir: { drain_timeout: 1 } })
  await weir.put('routes/mcp', {
    uri: '/mcp/*',
    plugins: { 'mcp-bridge': { base_uri: '/mcp', command: 'sh', args: ['-c', 'echo $$; cat'] } },
  })
  await until(async () => (await fetch(`${weir.proxyUrl}/mcp/none`)).status === 404)
})
afterAll(() => weir.stop())

/** A session, with all that it has said so far. */
async function open() {
  const leaving = new AbortController()
  const response = await fetch(`${weir.proxyUrl}/mcp/sse`, { signal: leaving.signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  let text = ''
  const read = async () => {
    for await (const bytes of response.body ?? []) text += Buffer.from(bytes).toString()
  }
  const over = read().catch(() => {})
  const part = (pattern: RegExp) => until(() => pattern.exec(text)?.[1])
  return {
    endpoint: `${weir.proxyUrl}${await part(/^event: endpoint\ndata: (\S+)\n\n/)}`,
    pid: Number(await part(/event: message\ndata: (\d+)\n\n/)),
    part,
    leave: () => leaving.abort(),
    over,
  }
}

async function send(endpoint: string, message: string): Promise<number> {
  // New connections each time, which the system spreads over the workers.
  const response = await fetch(endpoint, { method: 'POST', body: message, headers: { Connection: 'close' } })
  await response.arrayBuffer()
  return response.status
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('every message reaches its session, whichever worker it comes to', async () => {
  const session = await open()
  for (let id = 1; id <= 20; id++) {
    expect(await send(session.endpoint, `{"id":${id}}`)).toBe(202)
    await session.part(new RegExp(`event: message\\ndata: (\\{"id":${id}\\})\\n\\n`))
  }
  session.leave()
  await session.over
  await until(() => !isAlive(session.pid))
  await until(async () => (await send(session.endpoint, '{}')) === 404)
})

test('an edit of the route ends no session', async () => {
  const session = await open()
  await weir.admin('PATCH', 'routes/mcp', { desc: 'edited' })
  await until(async () => JSON.stringify(await weir.admin('GET', 'routes/mcp')).includes('edited'))
  expect(await send(session.endpoint, '{"still":"here"}')).toBe(202)
  await session.part(/data: (\{"still":"here"\})/)
  session.leave()
  await session.over
})

test('no server outlives the gateway', async () => {
  const session = await open()
  expect(isAlive(session.pid)).toBe(true)
  await weir.stop()
  await until(() => !isAlive(session.pid))
  await session.over
})
