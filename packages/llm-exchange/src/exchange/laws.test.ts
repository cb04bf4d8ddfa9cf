// What holds whatever upstreams and clients do, in whatever order: nothing hangs, the cost is settled exactly once,
// no attempt follows the first byte, and no stream looks complete that is not.
import type { CounterStore, Lease } from '@weir/counters'
import type { GatewayError } from '@weir/contract'
import { SseSplitter } from '@weir/llm'
import type { GatewayResponse } from '@weir/plugin-api'
import { createTestContext, createTestHost } from '@weir/plugin-api/harness'
import { type Exchange, type ExchangeHandler, type Origins, UpstreamError } from '@weir/upstream'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLlmRoute } from '../route/llm-route.ts'
import { createQuota, hello, settingsOf } from '../llm-world.testing.ts'

/** One attempt's upstream, driven by hand. */
class Wire implements Exchange {
  readonly reused = false
  readonly hasSent = true
  readonly handler: ExchangeHandler
  aborted = false
  ended = false
  constructor(handler: ExchangeHandler) {
    this.handler = handler
  }
  pause(): void {}
  resume(): void {}
  limitBody(): void {}
  abort(): void {
    this.aborted = true
  }
  get isOpen(): boolean {
    return !this.aborted && !this.ended
  }
}

const word = (text: string) => `data: {"choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`
const pieces = {
  word: word('hello'),
  half: 'data: {"choi',
  finish: 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
  usage: 'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\n',
  done: 'data: [DONE]\n\n',
  answer: '{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":3,"completion_tokens":4}}',
} as const

const step = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('head stream', 'head json') },
  { weight: 1, arbitrary: fc.constantFrom('head 500', 'head 429', 'head 401') },
  { weight: 6, arbitrary: fc.constantFrom(...(Object.keys(pieces) as (keyof typeof pieces)[])) },
  { weight: 2, arbitrary: fc.constantFrom('end', 'reset', 'timeout') },
  { weight: 1, arbitrary: fc.constantFrom('client leaves', 'finish request') },
)

type Event = typeof step extends fc.Arbitrary<infer T> ? T : never

class Ledger {
  settled = 0
  leases = 0
  readonly store: CounterStore = {
    reserve: (asks) => {
      this.leases++
      return {
        admitted: true,
        lease: { asks, amounts: asks.map(({ amount }) => amount) } satisfies Lease,
        states: asks.map(({ limit }) => ({ limit, used: 0, reserved: 0, resetMs: 1 })),
      }
    },
    settle: () => void this.settled++,
    renew: () => undefined,
    read: () => undefined,
    reset: () => undefined,
    list: () => ({ keys: [], isComplete: true }),
  }
}

class Client {
  text = ''
  endings: ('end' | GatewayError)[] = []
  chunk(bytes: Buffer): void {
    this.text += bytes.toString()
  }
  end(): void {
    this.endings.push('end')
  }
  fail(error: GatewayError): void {
    this.endings.push(error)
  }
}

const endpoint = (port: number) => ({ override: { endpoint: `http://127.0.0.1:${port}` } })

test('for every course of events', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), fc.boolean(), async (steps, isSlowToTake) => {
      const wires: Wire[] = []
      const origins: Origins = {
        open: (options) => ({
          options,
          send(_request, handler) {
            const wire = new Wire(handler)
            wires.push(wire)
            return wire
          },
        }),
        close: async () => {},
      }
      const host = createTestHost({ origins })
      const settings = settingsOf([endpoint(1), endpoint(2)], { fallback_strategy: ['http_429', 'http_5xx'] })
      const route = createLlmRoute(settings, host)
      const ledger = new Ledger()
      const quota = createQuota({ i0: 100, i1: 100 }, { store: ledger.store })
      const ctx = createTestContext({ request: { body: hello }, quotas: [quota] })
      await route.access(ctx)

      const client = new Client()
      let response: GatewayResponse | undefined
      let isTaken = false
      let hasLeft = false
      const take = () => {
        if (isTaken || !response || typeof response.body !== 'object' || Buffer.isBuffer(response.body))
          return
        isTaken = true
        if (hasLeft) response.body.abort(new Error('left'))
        else response.body.start(client)
      }
      const answered = (async () => {
        response = await route.proxy(ctx)
        if (!isSlowToTake) take()
      })()
      const heads = new Set<Wire>()
      for (const one of [...steps, 'timeout', 'timeout'] as const) {
        // A failed attempt is followed by the next one some turns later.
        for (let turn = 0; turn < 4; turn++) await Promise.resolve()
        const wire = wires.at(-1)
        if (one === 'client leaves') {
          hasLeft = true
          ctx.leave()
          if (isTaken && client.endings.length === 0 && response && typeof response.body === 'object') {
            if (!Buffer.isBuffer(response.body)) response.body.abort(new Error('left'))
          }
        } else if (one === 'finish request') {
          // The pipeline is done with the request, whatever its stream still does.
          hasLeft = true
          ctx.llm?.finish()
        } else if (wire?.isOpen) drive(wire, one, heads)
      }
      await answered
      take()
      ctx.llm?.finish()

      expect(ledger.settled).toBe(ledger.leases)
      expect(wires.every((wire) => !wire.isOpen)).toBe(true)
      expect(wires.length).toBeLessThanOrEqual(2)
      expect(ledger.leases).toBe(wires.length)
      if (!isTaken || hasLeft) return
      expect(client.endings).toHaveLength(1)
      const events = new SseSplitter().push(Buffer.from(client.text)).map(({ data }) => `data: ${data}\n\n`)
      const isWhole = events.includes(pieces.done) || events.includes(pieces.finish)
      expect(client.endings[0] === 'end').toBe(isWhole)
    }),
    { numRuns: 1000 },
  )
})

function drive(wire: Wire, what: Event, heads: Set<Wire>): void {
  const { handler } = wire
  if (what.startsWith('head ')) {
    if (heads.has(wire)) return
    heads.add(wire)
    const status = Number(/\d+/.exec(what)?.[0] ?? 200)
    const type = what === 'head stream' ? 'text/event-stream' : 'application/json'
    handler.onHead(status, { fields: { 'content-type': type }, list: () => ['Content-Type', type] }, '')
  } else if (what === 'reset' || what === 'timeout') {
    wire.ended = true
    handler.onFail(new UpstreamError(what === 'reset' ? 'reset' : 'headers_timeout', 'test', true))
  } else if (!heads.has(wire)) {
    // Neither data nor an end come before the head.
  } else if (what === 'end') {
    wire.ended = true
    handler.onEnd()
  } else handler.onData(Buffer.from(pieces[what as keyof typeof pieces]))
}
