// What the tests of moderation plugins share: a service that begins each test without faults, and what it is to judge.
import { openaiChat, type LlmAnswer } from '@weir/llm'
import type { LlmExchange, PluginInstance } from '@weir/plugin-api'
import {
  createTestContext,
  createTestExchange,
  createTestHost,
  deliver,
  runInstance,
  type TestHost,
} from '@weir/plugin-api/harness'
import { createHttpClient, createOrigins } from '@weir/upstream'
import { afterAll, beforeEach } from 'vitest'
import { streamOf } from './streams.testing.ts'

interface FakeService {
  clear(): void
  setFault(fault: undefined): void
  close(): Promise<void>
}

/** Ends with the tests of the file. */
export function useService<Service extends FakeService>(service: Service): Service {
  beforeEach(() => {
    service.clear()
    service.setFault(undefined)
  })
  afterAll(() => service.close())
  return service
}

const origins = createOrigins()
afterAll(() => origins.close())

/** A host whose plugins can call services. */
export function callingHost(): TestHost {
  return createTestHost({ http: createHttpClient(origins) })
}

/** A chat with one prompt. */
export function asks(content: string, stream = false): LlmExchange {
  const body = { model: 'gpt-x', messages: [{ role: 'user', content }], stream }
  return createTestExchange({ protocol: openaiChat, body })
}

/** A complete answer. */
export function answerOf(text: string, status = 200): LlmAnswer {
  return { status, bytes: Buffer.from('{}'), json: {}, text, readText: () => text, usage: undefined }
}

type Make = (config: object) => { readonly host: TestHost; readonly instance: PluginInstance }

/** What calls itself an answer, and is a stream that came as a whole. */
export const unreadable: LlmAnswer = {
  ...answerOf(''),
  bytes: Buffer.from('data: {"choices":[{"delta":{"content":"kill"}}]}\n\n'),
  json: undefined,
}

/** Shows requests and answers to a plugin. `checked` is the configuration with which it judges answers. */
export function judging(make: Make, checked: object) {
  return {
    /** Without an exchange the request is none to an LLM. */
    async request(llm: LlmExchange | undefined, config: object = {}) {
      const { host, instance } = make(config)
      const result = await runInstance(instance, llm ? { llm } : {})
      return { ...result, host }
    },
    answer(answer: LlmAnswer, config: object = {}, llm = asks('hi')) {
      const { instance } = make({ ...checked, ...config })
      return instance.llmResponse?.(createTestContext({ llm }), answer)
    },
    stream(pieces: readonly string[], config: object = {}, llm = asks('hi', true)) {
      const { instance } = make({ ...checked, ...config })
      const response = streamOf(pieces)
      return deliver(response, instance.stage?.(createTestContext({ llm }), response))
    },
  }
}
