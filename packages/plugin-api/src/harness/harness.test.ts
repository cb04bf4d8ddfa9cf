import { expect, test } from 'vitest'
import { definePlugin, type PluginSchema } from '../index.ts'
import { complaintAbout, createTestHost, runPlugin } from './index.ts'

interface Config {
  readonly word: string
}

const schema: PluginSchema<Config> = {
  json: {},
  check: (value) => (isConfig(value) ? undefined : 'word is missing'),
  parse: (value) => (isConfig(value) ? { ok: true, value } : { ok: false, error: 'word is missing' }),
}

function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && 'word' in value
}

const upperCase = definePlugin<Config>({
  name: 'upper-case',
  priority: 1,
  schema,
  check: ({ word }) => (word === 'rude' ? 'be kind' : undefined),
  create: ({ word }, host) => ({
    access(ctx) {
      if (ctx.request.header('x-refuse')) return { status: 403, body: { error_msg: word } }
      ctx.addResponseHeader('X-Word', word)
      return undefined
    },
    stage: () => ({
      async onChunk(bytes, out) {
        await Promise.resolve()
        out.push(bytes.toString().toUpperCase())
      },
      onEnd: (out) => out.push(word),
    }),
    log: (_ctx, summary) => host.metrics.counter('seen', { status: String(summary.status) }).inc(),
  }),
})

test('a request runs through all phases and stages to the last byte', async () => {
  const host = createTestHost()
  const result = await runPlugin(upperCase, { word: 'end' }, { host, upstream: () => streamOf(['ab', 'cd']) })
  expect(result).toMatchObject({ status: 200, text: 'ABCDend', ended: 'complete', reply: undefined })
  expect(result.ctx.responseHeader('x-word')).toBe('end')
  expect(host.metrics.values.get('seen{status="200"}')).toBe(1)
})

test('a reply is sent as the gateway sends it', async () => {
  const result = await runPlugin(upperCase, { word: 'no' }, { request: { headers: { 'X-Refuse': '1' } } })
  expect(result).toMatchObject({ status: 403, text: '{"error_msg":"no"}\n' })
  expect(result.header('content-type')).toBe('text/plain; charset=utf-8')
})

test('a bad configuration is refused with its complaint', async () => {
  expect(complaintAbout(upperCase, {})).toBe('word is missing')
  await expect(runPlugin(upperCase, { word: 'rude' })).rejects.toThrow('be kind')
})

function streamOf(pieces: readonly string[]) {
  return {
    status: 200,
    headers: [],
    source: 'upstream' as const,
    body: {
      start(sink: { chunk(bytes: Buffer): void; end(): void }) {
        for (const piece of pieces) sink.chunk(Buffer.from(piece))
        sink.end()
      },
      pause: () => {},
      resume: () => {},
      abort: () => {},
    },
  }
}
