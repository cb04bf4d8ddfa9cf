// What every client library must be able to do through the gateway, whatever the provider speaks.
import { type Scenario, until } from '@weir/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ClientUnderTest, type Failure, question, type Told, weather } from './client.ts'
import { type ClientWorld, type RouteName, startClientWorld } from './world.ts'

export interface SuiteOptions {
  /** Where the client is used; the provider of the first speaks the client's own protocol. */
  readonly routes: readonly RouteName[]
  readonly client: (url: string) => ClientUnderTest
  /** Tools are called in one piece. */
  readonly wholeArguments?: boolean
  /** What a broken stream's error says, where its protocol has no event for it. */
  readonly brokenMessage?: RegExp
}

const words = ['Hello', ', wörld', ' 你', '好 👋']
const usage = { prompt: 10, completion: 5 }
const tool = [
  { name: weather.name, input: { city: 'Paris' } },
  { name: weather.name, input: { city: '東京 "central"', unit: 'celsius' } },
]

/** Starts a world for the tests of this file. */
export function useWorld(): () => ClientWorld {
  let world: ClientWorld | undefined
  beforeAll(async () => {
    world = await startClientWorld()
  })
  afterAll(() => world?.stop())
  beforeEach(() => {
    world?.llm.setScenario(undefined)
    world?.llm.setScript(undefined)
    world?.llm.clear()
  })
  return () => {
    if (!world) throw new Error('the world has not started')
    return world
  }
}

export function describeClient(name: string, world: () => ClientWorld, options: SuiteOptions): void {
  for (const [i, route] of options.routes.entries()) {
    describe(`${name} at ${route}`, () => {
      testClient(world, route, i === 0, options)
    })
  }
}

function testClient(
  world: () => ClientWorld,
  route: RouteName,
  isNative: boolean,
  options: SuiteOptions,
): void {
  const client = () => options.client(world().url(route))
  const provider = () => world().llm
  const { brokenMessage = /before its answer was complete/ } = options

  async function streamed(asked = {}): Promise<{ told: Told; pieces: readonly string[] }> {
    const pieces: string[] = []
    const told = await client().stream(asked, (piece) => pieces.push(piece))
    return { told, pieces }
  }

  /** The first request is answered so, all others well. */
  function failOnce(scenario: Scenario): void {
    let isFirst = true
    provider().setScript(() => {
      const answer = isFirst ? scenario : { words }
      isFirst = false
      return answer
    })
  }

  test('gets an answer', async () => {
    provider().setScenario({ words })
    expect(await client().ask({})).toEqual({ text: words.join(''), calls: [], usage })
    expect(provider().requests).toHaveLength(1)
    expect(provider().requests[0]?.body).toContain(question)
  })

  test('gets a stream, piece by piece', async () => {
    provider().setScenario({ words })
    const { told, pieces } = await streamed()
    expect(told).toEqual({ text: words.join(''), calls: [], usage })
    expect(pieces).toEqual(words)
  })

  test('gets calls of tools in parallel', async () => {
    provider().setScenario({ tool })
    expect(await client().ask({ tools: true })).toMatchObject({ calls: tool })
    expect(provider().requests[0]?.body).toContain(weather.description)
  })

  test('gets calls of tools streamed', async () => {
    provider().setScenario({ tool })
    const { told, pieces } = await streamed({ tools: true })
    expect(told).toMatchObject({ calls: tool })
    if (options.wholeArguments) return
    expect(pieces.length).toBeGreaterThanOrEqual(2 * tool.length)
    expect(pieces.join('')).toBe(tool.map(({ input }) => JSON.stringify(input)).join(''))
  })

  test('gets calls without arguments', async () => {
    const bare = [{ name: weather.name, input: {} }]
    provider().setScenario({ tool: bare })
    expect(await client().ask({ tools: true })).toMatchObject({ calls: bare })
    expect((await streamed({ tools: true })).told).toMatchObject({ calls: bare })
  })

  test('hands back what its tools answered', async () => {
    provider().setScript(({ body }) => (body.includes('21 degrees') ? { words } : { tool }))
    expect(await client().useTool('21 degrees')).toBe(words.join(''))
    expect(provider().requests).toHaveLength(2)
  })

  test.each([401, 404, 429, 500])('has its own error for %i', async (status) => {
    provider().setScenario({ status, headers: { 'Retry-After': '7' } })
    const failure = own(await errorOf(client().ask({})), status)
    expect(failure).toMatchObject({ status })
    if (failure.retryAfter !== undefined) expect(failure.retryAfter).toBe('7')
  })

  test('has it for streams, too', async () => {
    provider().setScenario({ status: 429, headers: { 'Retry-After': '7' } })
    expect(own(await errorOf(streamed()), 429)).toMatchObject({ status: 429 })
  })

  test('notices that a stream broke', async () => {
    provider().setScenario({ words: Array.from({ length: 20 }, () => 'word '), cutAfterChunks: 12 })
    const error = await errorOf(streamed())
    expect(error instanceof Error ? error.message : JSON.stringify(error)).toMatch(brokenMessage)
  })

  test('is told what went wrong in the middle of a stream', async () => {
    const many = Array.from({ length: 20 }, () => 'word ')
    provider().setScenario({ words: many, errorAfterChunks: 12 })
    const error = await errorOf(streamed())
    expect(error instanceof Error ? error.message : JSON.stringify(error)).toContain('mock error 529')
  })

  test('gets a stream past what keeps it alive', async () => {
    provider().setScenario({ words, chatty: true })
    const { told, pieces } = await streamed()
    expect(told).toEqual({ text: words.join(''), calls: [], usage })
    expect(pieces).toEqual(words)
  })

  test('leaves in the middle of a stream, and the provider is left at once', async () => {
    provider().setScenario({ words: Array.from({ length: 20 }, () => 'word '), stallAfterChunks: 12 })
    const leaving = new AbortController()
    let leftAtMs = 0
    const asked = client().stream({ signal: leaving.signal }, () => {
      leftAtMs ||= performance.now()
      leaving.abort()
    })
    expectAbort(await errorOf(asked))
    await expectLeft(leftAtMs)
  })

  test('leaves before an answer', async () => {
    provider().setScenario({ fault: 'hang' })
    const leaving = new AbortController()
    const asked = errorOf(client().ask({ signal: leaving.signal }))
    await until(() => provider().openRequests === 1)
    const leftAtMs = performance.now()
    leaving.abort()
    expectAbort(await asked)
    await expectLeft(leftAtMs)
  })

  /** What is not its own error is told as it is. */
  function own(error: unknown, status: number): Failure {
    const failure = client().failure(error, status)
    if (!failure) throw error
    return failure
  }

  function expectAbort(error: unknown): void {
    if (!client().isAbort(error)) throw error
  }

  async function expectLeft(leftAtMs: number): Promise<void> {
    const request = await until(() => provider().requests.find(({ aborted }) => aborted))
    // Two event loops and two sockets lie between; the rest is what a busy machine needs.
    expect((request.abortedAtMs ?? Infinity) - leftAtMs).toBeLessThan(2000)
    expect(provider().openRequests).toBe(0)
  }

  test('tries again after a 500', async () => {
    failOnce({ status: 500, headers: { 'retry-after-ms': '1' } })
    expect(await client().ask({ retries: 1 })).toMatchObject({ text: words.join('') })
    expect(provider().requests).toHaveLength(2)
  })

  // Once is enough for what is no matter of protocols.
  if (!isNative) return

  test.each([
    ['locked', 401],
    ['nowhere', 404],
    ['spent', 429],
  ] as const)('has its own error for the gateway’s, too: %s', async (refusal, status) => {
    const refused = options.client(world().url(refusal))
    // Before the limit is spent there may be an answer.
    const error = await errorOf(refused.ask({})).catch(() => errorOf(refused.ask({})))
    const failure = own(error, status)
    expect(failure).toMatchObject({ status })
    if (status === 429 && failure.retryAfter !== undefined) {
      expect(Number(failure.retryAfter)).toBeGreaterThan(0)
    }
  })

  test('waits as long as a 429 says', async () => {
    failOnce({ status: 429, headers: { 'Retry-After': '1' } })
    expect(await client().ask({ retries: 1 })).toMatchObject({ text: words.join('') })
    const [first, second] = provider().requests
    // Timers may fire a millisecond early.
    expect((second?.startedAtMs ?? 0) - (first?.startedAtMs ?? 0)).toBeGreaterThanOrEqual(990)
  })
}

async function errorOf(asked: Promise<unknown>): Promise<unknown> {
  const error: unknown = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error === undefined) throw new Error('nothing failed')
  return error
}
