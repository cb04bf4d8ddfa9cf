// Every provider's golden exchanges (llm/src/providers/*/golden): what a client asks, what its provider sees, what it
// answers, what the client gets, what it cost.
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeFrame, providerNames } from '@weir/llm'
import { createTestHost } from '@weir/plugin-api/harness'
import type { Scenario } from '@weir/testkit'
import { createHttpClient, createResolver } from '@weir/upstream'
import { expect, test } from 'vitest'
import { call, settingsOf } from '../llm-world.testing.ts'
import { createLlmRoute } from '../route/llm-route.ts'
import type { InstanceSettings } from '../settings.ts'
import { serverOfFile, worldOfFile } from './fixture.testing.ts'

interface Golden {
  readonly settings: Partial<InstanceSettings>
  readonly request: {
    readonly path: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body: object
  }
  readonly seen: {
    readonly origin: string
    readonly url: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body: object
  }
  readonly answer: {
    readonly status?: number
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: object
    readonly events?: readonly (readonly [type: string, data: object | string])[]
    readonly frames?: readonly (readonly [type: string, payload: object])[]
  }
  readonly reply: {
    readonly headers?: Readonly<Record<string, string>>
    /** `same`: what the provider sent, byte for byte. */
    readonly body?: object | 'same'
    readonly events?: readonly (readonly [type: string, data: object | string])[]
  }
  readonly usage?: object
}

const folder = join(import.meta.dirname, '../../../llm/src/providers')
const goldens = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => readdirSync(join(folder, name, 'golden')).map((file) => ({ provider: name, file })))

const { origins } = worldOfFile()
const server = await serverOfFile()
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

test('every provider has some', () => {
  expect(new Set(goldens.map(({ provider }) => provider))).toEqual(new Set(providerNames))
})

test.each(goldens)('$provider/$file', async ({ provider, file }) => {
  const golden = JSON.parse(readFileSync(join(folder, provider, 'golden', file), 'utf8')) as Golden
  const opened: string[] = []
  const host = createTestHost({
    // Whatever the host, it is the fake that answers.
    origins: {
      open(options) {
        opened.push(options.origin)
        return origins.open({ ...options, origin: server.url })
      },
      close: () => Promise.resolve(),
    },
    http: createHttpClient(origins),
    resolver: createResolver(),
  })
  const scenario = scenarioOf(golden.answer)
  server.setScript(({ url }) => (url === '/token' ? { body: tokenAnswer } : scenario))
  const instance = { provider, ...golden.settings, auth: authOf(golden.settings.auth) }
  const route = createLlmRoute(settingsOf([instance]), host)
  const { path, body, headers } = golden.request
  const result = await call(route, {
    request: {
      target: path,
      body,
      headers: { 'content-type': 'application/json', ...headers },
      method: 'POST',
    },
  })

  expect(opened).toEqual([golden.seen.origin])
  const seen = server.requests.at(-1)
  expect({ url: seen?.url, json: seen?.json }).toEqual({ url: golden.seen.url, json: golden.seen.body })
  expect(seen?.headers).toMatchObject(golden.seen.headers ?? {})
  expect(result.status).toBe(golden.answer.status ?? 200)
  for (const [name, value] of Object.entries(golden.reply.headers ?? {}))
    expect([name, result.header(name)]).toEqual([name, value])
  expect(result.header('set-cookie')).toBeUndefined()
  if (golden.reply.body === 'same')
    expect(Buffer.concat(result.chunks).equals(bytesOf(scenario.body))).toBe(true)
  else if (golden.reply.body) expect(JSON.parse(comparable(result.text))).toEqual(golden.reply.body)
  else expect(eventsOf(comparable(result.text))).toEqual(golden.reply.events)
  if (golden.usage) expect(result.ctx.llm?.usage).toMatchObject({ ...golden.usage, source: 'reported' })
})

const tokenAnswer = JSON.stringify({ access_token: 'ya29.token', expires_in: 3600, token_type: 'Bearer' })

function authOf(auth: Golden['settings']['auth']): InstanceSettings['auth'] {
  if (!auth?.gcp) return auth ?? {}
  const account = {
    client_email: 'robot@p.iam.gserviceaccount.com',
    private_key_id: 'k1',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: `${server.url}/token`,
  }
  return { gcp: { service_account_json: JSON.stringify(account) } }
}

function scenarioOf({ status = 200, headers, body, events, frames }: Golden['answer']): Scenario {
  const base = { status, ...(headers && { headers }) }
  if (events) return { ...base, contentType: 'text/event-stream', body: events.map(writeEvent).join('') }
  if (frames) {
    const bytes = frames.map(([type, payload]) =>
      encodeFrame({ ':message-type': 'event', ':event-type': type }, JSON.stringify(payload)),
    )
    return { ...base, contentType: 'application/vnd.amazon.eventstream', body: Buffer.concat(bytes) }
  }
  return { ...base, body: JSON.stringify(body) }
}

/** What the gateway makes up itself differs from run to run. */
function comparable(text: string): string {
  return text
    .replaceAll(/"(created|created_at)":\d+/g, '"$1":0')
    .replaceAll(/"[a-z\d]+[-_][a-z\d_-]*[\da-f]{8}-[\da-f-]{27}"/g, '"<id>"')
}

function writeEvent([type, data]: readonly [string, object | string]): string {
  const name = type === 'message' ? '' : `event: ${type}\n`
  return `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}

function eventsOf(text: string): unknown {
  return text
    .split('\n\n')
    .filter(Boolean)
    .map((event) => {
      const [first = '', second] = event.split('\n')
      const data = (second ?? first).slice('data: '.length)
      const type = second === undefined ? 'message' : first.slice('event: '.length)
      return [type, data.startsWith('{') ? (JSON.parse(data) as unknown) : data]
    })
}

function bytesOf(body: string | Buffer | undefined): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body ?? '')
}
