// A crowd of callers at once, some of whom leave early, and what they got of it.
import { RawExchange, type RawResponse } from '@weir/testkit'

export interface StormCall {
  readonly consumer: string
  readonly stream: boolean
  /** `leave`: after the first word. `cut`: the provider breaks its stream off. */
  readonly fate: 'stay' | 'leave' | 'cut'
}

export interface StormOutcome extends StormCall {
  readonly response: RawResponse
  /** Milliseconds (performance.now()). */
  readonly startedAt: number
  readonly endedAt: number
}

/** What each call may cost, and costs when it is answered whole: its words are its tokens. */
export const TOKENS = 10

/** Words of the same length, so that estimates from bytes can be exact; the letter tells the instance. */
export function wordsOf(letter: string): string[] {
  return Array.from({ length: TOKENS }, (_, i) => ` ${letter}word${i}`)
}

export function stormCalls(count: number, consumers: readonly string[]): readonly StormCall[] {
  return Array.from({ length: count }, (_, i) => {
    const stream = i % 2 === 0
    const fate = !stream || i % 10 > 2 ? 'stay' : i % 10 === 0 ? 'leave' : 'cut'
    return { consumer: consumers[i % consumers.length]!, stream, fate }
  })
}

/** All at once. `onAnswer` is told how many have been answered so far. A call whose data plane is gone goes to the next one, as a load balancer would send it. */
export function storm(
  calls: readonly StormCall[],
  ports: readonly number[],
  onAnswer: (answered: number) => void = () => {},
): Promise<readonly StormOutcome[]> {
  let answered = 0
  return Promise.all(
    calls.map(async (call, i) => {
      const startedAt = performance.now()
      let response = await send(call, ports[i % ports.length]!)
      if (response.error === 'ECONNREFUSED') response = await send(call, ports[(i + 1) % ports.length]!)
      if (response.status === 200) onAnswer(++answered)
      return { ...call, response, startedAt, endedAt: performance.now() }
    }),
  )
}

async function send({ consumer, stream, fate }: StormCall, port: number): Promise<RawResponse> {
  const exchange = new RawExchange({
    port,
    path: '/storm',
    headers: { 'Content-Type': 'application/json', apikey: `key-of-${consumer}` },
    body: JSON.stringify({ messages: [{ role: 'user', content: fate }], max_tokens: TOKENS, stream }),
    timeoutMs: 120_000,
  })
  if (fate === 'leave') void leaveEarly(exchange)
  return exchange.done
}

async function leaveEarly(exchange: RawExchange): Promise<void> {
  const poll = setInterval(() => {
    if (exchange.text.includes('word0')) exchange.leave()
  }, 5)
  await exchange.done
  clearInterval(poll)
}

/** The tokens that a caller was given by the instance whose words begin so. */
export function tokensFrom(letter: string, { response }: StormOutcome): number {
  return response.text.split(`${letter}word`).length - 1
}

/**
 * What a gateway would have let through that looks whether anything is left, and charges when the answer is complete:
 * the same calls at the same moments, each lasting as long as those that were answered did.
 */
export function checkThenCharge(outcomes: readonly StormOutcome[], limit: number): number {
  const answered = outcomes.filter(({ response }) => response.status === 200)
  const lasting = answered.map(({ startedAt, endedAt }) => endedAt - startedAt).toSorted((a, b) => a - b)
  const typicalMs = lasting[Math.floor(lasting.length / 2)] ?? 0
  const ends: number[] = []
  for (const { startedAt } of outcomes.toSorted((a, b) => a.startedAt - b.startedAt)) {
    const charged = ends.filter((end) => end <= startedAt).length * TOKENS
    if (charged < limit) ends.push(startedAt + typicalMs)
  }
  return ends.length * TOKENS
}
