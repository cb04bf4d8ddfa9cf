import { expect, test } from 'vitest'
import { createLogger, parseLogLevel } from './logger.ts'

function recording(level: 'debug' | 'info' | 'warn' | 'error', writableLength = () => 0) {
  const lines: string[] = []
  const output = {
    write: (line: string) => lines.push(line),
    get writableLength() {
      return writableLength()
    },
  }
  const log = createLogger({ level, output, fields: { worker: 1 }, now: () => new Date(0) })
  return { log, lines, parsed: () => lines.map((line): unknown => JSON.parse(line)) }
}

test('a line is JSON with time, level, message and fields', () => {
  const { log, lines } = recording('info')
  log.warn('hello', { route: '1', count: 2, gone: undefined })
  expect(lines).toEqual([
    '{"time":"1970-01-01T00:00:00.000Z","level":"warn","message":"hello","worker":1,"route":"1","count":2}\n',
  ])
})

test('lower levels are left out', () => {
  const { log, parsed } = recording('warn')
  log.debug('no')
  log.info('no')
  log.warn('yes')
  log.error('yes')
  expect(parsed()).toMatchObject([{ level: 'warn' }, { level: 'error' }])
})

test('secrets stay out, by name and by shape', () => {
  const { log, lines } = recording('info')
  log.error('refused: authorization: Bearer abc.def', {
    'X-API-Key': 'topsecret',
    access_key_secret: 'topsecret',
    redisPassword: 'topsecret',
    prompt: 'topsecret',
    total_tokens: 12,
    reason: 'key sk-abcdef123456 is wrong',
  })
  const [line = ''] = lines
  expect(line).not.toMatch(/topsecret|abc\.def|sk-abcdef/)
  expect(line).toContain('"total_tokens":12')
})

test('no control characters, nothing endless', () => {
  const { log, lines } = recording('info')
  log.info(
    `a\r\nb\u2028c${'x'.repeat(10_000)}`,
    Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`f${i}`, i])),
  )
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>
  expect(line['message']).toMatch(/^a b cx+…$/)
  expect(lines[0]?.length).toBeLessThan(3000)
  expect(Object.keys(line).length).toBe(35)
})

test('a stuck output costs lines, not memory', () => {
  let stuck = 5 * 1024 * 1024
  const { log, parsed } = recording('info', () => stuck)
  log.info('lost')
  log.info('lost')
  stuck = 0
  log.info('kept')
  log.info('kept')
  expect(parsed()).toMatchObject([{ message: 'kept', dropped_lines: 2 }, { message: 'kept' }])
})

test('nginx’s level names are understood', () => {
  expect(
    ['debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg', 'loud'].map(parseLogLevel),
  ).toEqual(['debug', 'info', 'info', 'warn', 'error', 'error', 'error', 'error', undefined])
})
