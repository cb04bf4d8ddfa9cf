import { afterEach, describe, expect, test } from 'vitest'
import type { Alert, LogFields, Logger } from '../types.ts'
import { createAlerts } from './alerts.ts'
import { createWebhook, type Webhook, type WebhookHttp } from './webhook.ts'

const webhooks: Webhook[] = []
afterEach(() => {
  for (const webhook of webhooks.splice(0)) webhook.close()
})

function recordingLog() {
  const lines: [string, LogFields | undefined][] = []
  const add = (message: string, fields?: LogFields) => void lines.push([message, fields])
  const log: Logger = { debug: add, info: add, warn: add, error: add }
  return { log, lines }
}

const down: Alert = {
  event: 'instance_health',
  resource: '/apisix/routes/1',
  instance: 'b',
  target: '10.0.0.1:80',
  healthy: false,
  reason: 'status 503',
}
const fallback: Alert = {
  event: 'fallback',
  resource: '/apisix/routes/1',
  from: 'c',
  to: 'b',
  reason: 'http_5xx',
}

describe('alerts', () => {
  test('are logged once per change, whoever raises them', () => {
    const { log, lines } = recordingLog()
    const alerts = createAlerts({ log })
    for (const alert of [down, down, { ...down, target: '10.0.0.2:80' }, { ...down, healthy: true }, down]) {
      alerts.raise(alert)
    }
    for (const alert of [fallback, fallback, { ...fallback, to: 'a' }]) alerts.raise(alert)
    alerts.raise({ event: 'return', resource: '/apisix/routes/1', from: 'a', to: 'c', reason: 'healthy' })
    expect(lines.map(([message]) => message)).toEqual([
      'b at 10.0.0.1:80 is unhealthy: status 503',
      'b at 10.0.0.2:80 is unhealthy: status 503',
      'b at 10.0.0.1:80 is healthy again: status 503',
      'b at 10.0.0.1:80 is unhealthy: status 503',
      'requests of /apisix/routes/1 go to b instead of c: http_5xx',
      'requests of /apisix/routes/1 go to a instead of c: http_5xx',
      'requests of /apisix/routes/1 go to c again: healthy',
    ])
    expect(lines[0]?.[1]).toEqual(down)
  })

  test('are not told by a thread that comes too late with them', () => {
    const { log, lines } = recordingLog()
    const alerts = createAlerts({ log })
    const back: Alert = { ...fallback, event: 'return', from: 'b', to: 'c' }
    alerts.raise(fallback, 1000)
    alerts.raise(back, 2000)
    // Another thread asked `b` while `c` was away, and only now got its answer.
    alerts.raise(fallback, 1500)
    alerts.raise(back, 2500)
    alerts.raise(fallback, 3000)
    expect(lines.map(([, fields]) => fields?.['event'])).toEqual(['fallback', 'return', 'fallback'])
  })
})

/** An HTTP port that answers with each of `results` in turn, then with 200. */
function webhookOf(results: (number | Error)[]) {
  const bodies: unknown[] = []
  const headers: Readonly<Record<string, string>>[] = []
  const idle = Promise.withResolvers<void>()
  const { log, lines } = recordingLog()
  const http: WebhookHttp = {
    call: async (call) => {
      bodies.push(JSON.parse(call.body))
      headers.push(call.headers)
      if (results.length === 0) idle.resolve()
      const result = results.shift() ?? 200
      if (typeof result !== 'number') throw result
      return { status: result }
    },
  }
  const webhook = createWebhook({
    url: 'http://hook.test/secret',
    headers: { 'X-A': 'b' },
    http,
    log,
    firstPauseMs: 1,
    longestPauseMs: 1,
  })
  webhooks.push(webhook)
  return { webhook, bodies, headers, lines, delivered: idle.promise }
}

describe('the webhook', () => {
  test('is called again until it takes the event, and events keep their order', async () => {
    const { webhook, bodies, headers, lines, delivered } = webhookOf([new Error('refused'), 500, 302, 200])
    createAlerts({ log: recordingLog().log, webhook, now: () => new Date(0) }).raise(down)
    webhook.post({ second: true })
    await delivered
    expect(bodies.length).toBe(5)
    expect(bodies[3]).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      message: 'b at 10.0.0.1:80 is unhealthy: status 503',
      ...down,
    })
    expect(bodies[4]).toEqual({ second: true })
    expect(headers[0]).toMatchObject({ 'Content-Type': 'application/json', 'X-A': 'b' })
    expect(JSON.stringify(lines)).not.toContain('hook.test')
  })

  test('gives an event up in the end and goes on with the next', async () => {
    const { webhook, bodies, lines, delivered } = webhookOf(Array.from({ length: 15 }, () => 500))
    webhook.post({ first: true })
    webhook.post({ second: true })
    await delivered
    expect(bodies.at(-1)).toEqual({ second: true })
    expect(lines.at(-1)).toEqual([
      'an alert could not be delivered and is given up',
      { reason: 'status 500', tries: 15 },
    ])
  })

  test('keeps a bounded queue: the oldest makes room', async () => {
    const { webhook, lines } = webhookOf([500])
    for (let i = 0; i < 1002; i++) webhook.post({ i })
    expect(webhook.waiting).toBe(1000)
    expect(lines.length).toBeGreaterThan(0)
    webhook.close()
    expect(webhook.waiting).toBe(0)
  })
})
