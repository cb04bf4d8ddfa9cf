import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { type AskOptions, type ClientUnderTest, parseInput, question, type Told, weather } from './client.ts'
import { describeClient, useWorld } from './suite.ts'

const world = useWorld()
const open = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'key', maxRetries: 0 })
const model = 'gpt-mini'

const errors: Readonly<Record<number, new (...args: never[]) => InstanceType<typeof OpenAI.APIError>>> = {
  401: OpenAI.AuthenticationError,
  404: OpenAI.NotFoundError,
  429: OpenAI.RateLimitError,
  500: OpenAI.InternalServerError,
}

const judging: Pick<ClientUnderTest, 'failure' | 'isAbort'> = {
  failure(error, status) {
    const kind = errors[status]
    if (!kind || !(error instanceof kind)) return undefined
    return { status: error.status, retryAfter: error.headers?.get('retry-after') }
  },
  isAbort: (error) => error instanceof OpenAI.APIUserAbortError,
}

function transport({ signal, retries = 0 }: AskOptions): OpenAI.RequestOptions {
  return { maxRetries: retries, ...(signal && { signal }) }
}

const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: question }]
const chatTools: OpenAI.ChatCompletionFunctionTool[] = [
  {
    type: 'function',
    function: { name: weather.name, description: weather.description, parameters: weather.schema },
  },
]

const chatBody = ({ tools }: AskOptions) => ({ model, messages, ...(tools && { tools: chatTools }) })

function toldByChat({ choices: [choice], usage }: OpenAI.ChatCompletion): Told {
  const calls = (choice?.message.tool_calls ?? []).flatMap((call) =>
    call.type === 'function' ? { name: call.function.name, input: parseInput(call.function.arguments) } : [],
  )
  return {
    text: choice?.message.content ?? '',
    calls,
    usage: { prompt: usage?.prompt_tokens, completion: usage?.completion_tokens },
  }
}

function chatClient(url: string): ClientUnderTest {
  const { completions } = open(url).chat
  return {
    ...judging,
    ask: async (options) => toldByChat(await completions.create(chatBody(options), transport(options))),
    async stream(options, onPiece) {
      const stream = completions.stream(chatBody(options), transport(options))
      stream.on('content', onPiece)
      stream.on('tool_calls.function.arguments.delta', ({ arguments_delta: piece }) => onPiece(piece))
      return toldByChat(await stream.finalChatCompletion())
    },
    async useTool(answer) {
      const asked = await completions.create(chatBody({ tools: true }))
      const message = asked.choices[0]?.message
      if (!message) throw new Error('no choice')
      const results = (message.tool_calls ?? []).map(({ id }) => ({
        role: 'tool' as const,
        tool_call_id: id,
        content: answer,
      }))
      const told = await completions.create({
        ...chatBody({ tools: true }),
        messages: [...messages, message, ...results],
      })
      return told.choices[0]?.message.content ?? ''
    },
  }
}

const responseTools: OpenAI.Responses.FunctionTool[] = [
  {
    type: 'function',
    name: weather.name,
    description: weather.description,
    parameters: weather.schema,
    strict: false,
  },
]

const responseBody = ({ tools }: AskOptions) => ({
  model,
  input: question,
  store: false,
  ...(tools && { tools: responseTools }),
})

function toldByResponse({ output_text: text, output, usage }: OpenAI.Responses.Response): Told {
  const calls = output.flatMap((item) =>
    item.type === 'function_call' ? { name: item.name, input: parseInput(item.arguments) } : [],
  )
  return { text, calls, usage: { prompt: usage?.input_tokens, completion: usage?.output_tokens } }
}

function responsesClient(url: string): ClientUnderTest {
  const { responses } = open(url)
  return {
    ...judging,
    ask: async (options) => toldByResponse(await responses.create(responseBody(options), transport(options))),
    async stream(options, onPiece) {
      const stream = responses.stream(responseBody(options), transport(options))
      stream.on('response.output_text.delta', ({ delta }) => onPiece(delta))
      stream.on('response.function_call_arguments.delta', ({ delta }) => onPiece(delta))
      return toldByResponse(await stream.finalResponse())
    },
    async useTool(answer) {
      const { output } = await responses.create(responseBody({ tools: true }))
      const calls = output.filter((item) => item.type === 'function_call')
      const results = calls.map(({ call_id }) => ({
        type: 'function_call_output' as const,
        call_id,
        output: answer,
      }))
      const input = [{ role: 'user' as const, content: question }, ...calls, ...results]
      return (await responses.create({ ...responseBody({ tools: true }), input })).output_text
    },
  }
}

describeClient('OpenAI’s client, chatting', world, {
  routes: ['openai', 'claude', 'responses'],
  client: chatClient,
})
describeClient('OpenAI’s client, with Responses', world, {
  routes: ['openai', 'chat', 'claude'],
  client: responsesClient,
})

test('OpenAI’s client gets embeddings, as numbers and in its own packing', async () => {
  const { embeddings } = open(world().url('openai'))
  const input = ['a', 'b']
  for (const format of [{}, { encoding_format: 'float' as const }]) {
    const { data, usage } = await embeddings.create({ model: 'small', input, ...format })
    expect(data).toHaveLength(2)
    expect(data[1]?.embedding[2]).toBeCloseTo(0.3)
    expect(usage.prompt_tokens).toBe(10)
  }
  expect(world().llm.requests[0]?.json).toEqual({ model: 'small', input, encoding_format: 'base64' })
})

test('OpenAI’s client finds the provider’s own request id and limits', async () => {
  world().llm.setScenario({ headers: { 'x-ratelimit-remaining-tokens': '149984' } })
  const { response, request_id: id } = await open(world().url('openai'))
    .chat.completions.create({ model, messages })
    .withResponse()
  expect(id).toBe('mock-req')
  expect(response.headers.get('x-ratelimit-remaining-tokens')).toBe('149984')
})

test('OpenAI’s client lists the models', async () => {
  const { data } = await open(world().url('chat')).models.list()
  expect(data).toMatchObject([{ id: 'gpt-of-the-route', object: 'model', owned_by: 'openai' }])
})

test('OpenAI’s client asks about one model', async () => {
  const { models } = open(world().url('openrouter'))
  expect(await models.retrieve('qwen/qwen3:free')).toEqual({
    id: 'qwen/qwen3:free',
    object: 'model',
    created: 0,
    owned_by: 'openrouter',
  })
  const unknown = await models.retrieve('qwen').catch((error: unknown) => error)
  expect(unknown).toBeInstanceOf(OpenAI.NotFoundError)
  expect(unknown).toMatchObject({ status: 404, code: 'model_not_found', type: 'invalid_request_error' })
})

test('OpenAI’s client is told what only the service with the stored conversation could answer', async () => {
  const asked = open(world().url('chat')).responses.create({ model, input: 'hi', previous_response_id: 'r' })
  await expect(asked).rejects.toThrow(OpenAI.BadRequestError)
  await expect(asked).rejects.toThrow(/previous_response_id/)
})
