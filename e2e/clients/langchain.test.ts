import { type AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { concat } from '@langchain/core/utils/stream'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { APIError } from 'openai'
import { expect, test } from 'vitest'
import { type AskOptions, type ClientUnderTest, question, type Told, weather } from './client.ts'
import { describeClient, useWorld } from './suite.ts'

const world = useWorld()
const apiKey = 'key'

const tools = [
  {
    type: 'function' as const,
    function: { name: weather.name, description: weather.description, parameters: weather.schema },
  },
]

const settings = ({ signal }: AskOptions) => (signal ? { signal } : {})

function clientOf(url: string, useResponsesApi: boolean): ClientUnderTest {
  function open({ tools: offered, retries = 0 }: AskOptions) {
    const configuration = { baseURL: `${url}/v1` }
    const chat = new ChatOpenAI({
      model: 'gpt-mini',
      apiKey,
      maxRetries: retries,
      useResponsesApi,
      configuration,
    })
    return offered ? chat.bindTools(tools) : chat
  }
  const asking = [new HumanMessage(question)]

  return {
    ask: async (options) => toTold(await open(options).invoke(asking, settings(options))),
    async stream(options, onPiece) {
      let whole: AIMessageChunk | undefined
      for await (const chunk of await open(options).stream(asking, settings(options))) {
        whole = whole ? concat(whole, chunk) : chunk
        if (chunk.text !== '') onPiece(chunk.text)
        for (const { args } of chunk.tool_call_chunks ?? []) if (args) onPiece(args)
      }
      if (!whole) throw new Error('nothing came')
      return toTold(whole)
    },
    async useTool(answer) {
      const chat = open({ tools: true })
      const asked = await chat.invoke(asking)
      const results = (asked.tool_calls ?? []).map(
        ({ id = '' }) => new ToolMessage({ tool_call_id: id, content: answer }),
      )
      return (await chat.invoke([...asking, asked, ...results])).text
    },
    failure(error) {
      if (!(error instanceof APIError)) return undefined
      return { status: error.status, retryAfter: error.headers?.get('retry-after') }
    },
    isAbort: (error) => error instanceof Error && error.name === 'AbortError',
  }
}

/** What of its messages and chunks is looked at. */
interface Answer {
  readonly text: string
  readonly tool_calls?: readonly { readonly name: string; readonly args: unknown }[]
  readonly usage_metadata?: { readonly input_tokens: number; readonly output_tokens: number } | undefined
}

function toTold({ text, tool_calls: called = [], usage_metadata: usage }: Answer): Told {
  const calls = called.map(({ name, args }) => ({ name, input: args }))
  return { text, calls, usage: { prompt: usage?.input_tokens, completion: usage?.output_tokens } }
}

describeClient('LangChain, chatting', world, {
  routes: ['openai', 'claude'],
  client: (url) => clientOf(url, false),
})
describeClient('LangChain, with Responses', world, {
  routes: ['openai', 'chat'],
  client: (url) => clientOf(url, true),
})

test('LangChain gets embeddings', async () => {
  const configuration = { baseURL: `${world().url('openai')}/v1` }
  const embeddings = new OpenAIEmbeddings({ model: 'small', apiKey, configuration })
  const vectors = await embeddings.embedDocuments(['a', 'b'])
  expect(vectors).toHaveLength(2)
  expect(vectors[1]?.[2]).toBeCloseTo(0.3)
})
