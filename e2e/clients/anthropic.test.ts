import Anthropic from '@anthropic-ai/sdk'
import { expect, test } from 'vitest'
import { type AskOptions, type ClientUnderTest, question, type Told, weather } from './client.ts'
import { describeClient, useWorld } from './suite.ts'

const world = useWorld()
const open = (url: string) => new Anthropic({ baseURL: url, apiKey: 'key', maxRetries: 0 })

const errors: Readonly<Record<number, new (...args: never[]) => InstanceType<typeof Anthropic.APIError>>> = {
  401: Anthropic.AuthenticationError,
  404: Anthropic.NotFoundError,
  429: Anthropic.RateLimitError,
  500: Anthropic.InternalServerError,
}

const asking: Anthropic.MessageParam = { role: 'user', content: question }
const tools: Anthropic.Tool[] = [
  {
    name: weather.name,
    description: weather.description,
    input_schema: { ...weather.schema, required: [...weather.schema.required] },
  },
]

function body(options: AskOptions) {
  return {
    model: 'claude-mini',
    max_tokens: 100,
    messages: [asking],
    ...(options.tools && { tools }),
  } satisfies Anthropic.MessageCreateParams
}

function transport({ signal, retries = 0 }: AskOptions) {
  return { maxRetries: retries, ...(signal && { signal }) }
}

function toTold({ content, usage }: Anthropic.Message): Told {
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: content.flatMap((block) =>
      block.type === 'tool_use' ? { name: block.name, input: block.input } : [],
    ),
    usage: { prompt: usage.input_tokens, completion: usage.output_tokens },
  }
}

function messagesClient(url: string): ClientUnderTest {
  const { messages } = open(url)
  return {
    ask: async (options) => toTold(await messages.create(body(options), transport(options))),
    async stream(options, onPiece) {
      const stream = messages.stream(body(options), transport(options))
      stream.on('text', onPiece)
      stream.on('streamEvent', (event) => {
        if (event.type !== 'content_block_delta' || event.delta.type !== 'input_json_delta') return
        onPiece(event.delta.partial_json)
      })
      return toTold(await stream.finalMessage())
    },
    async useTool(answer) {
      const { content } = await messages.create(body({ tools: true }))
      const results = content.flatMap((block) =>
        block.type === 'tool_use'
          ? { type: 'tool_result' as const, tool_use_id: block.id, content: answer }
          : [],
      )
      const told = await messages.create({
        ...body({ tools: true }),
        messages: [asking, { role: 'assistant', content }, { role: 'user', content: results }],
      })
      return toTold(told).text
    },
    failure(error, status) {
      const kind = errors[status]
      if (!kind || !(error instanceof kind)) return undefined
      return { status: error.status, retryAfter: error.headers?.get('retry-after') }
    },
    isAbort: (error) => error instanceof Anthropic.APIUserAbortError,
  }
}

describeClient('Anthropic’s client', world, {
  routes: ['claude', 'openai', 'responses'],
  client: messagesClient,
})

test('Anthropic’s client gets the provider’s own words on an error', async () => {
  for (const route of ['claude', 'openai'] as const) {
    world().llm.setScenario({ status: 404 })
    const error: unknown = await open(world().url(route))
      .messages.create(body({}))
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ error: { type: 'error', error: { message: 'mock error 404' } } })
  }
})

test('Anthropic’s client has tokens counted where nobody counts them', async () => {
  const { input_tokens: tokens } = await open(world().url('openai')).messages.countTokens({
    model: 'claude-mini',
    messages: [asking],
  })
  expect(tokens).toBeGreaterThan(0)
  expect(world().llm.requests).toHaveLength(0)
})

test('Anthropic’s client finds its beta’s path and the models', async () => {
  const client = open(world().url('chat'))
  const { content } = await client.beta.messages.create(body({}))
  expect(content).toMatchObject([{ type: 'text', text: 'Hello from mock llm' }])
  const models: string[] = []
  for await (const { id } of client.models.list()) models.push(id)
  expect(models).toEqual(['gpt-of-the-route'])
})

test('pictures, documents and the system’s words of Anthropic’s client arrive', async () => {
  const data = Buffer.from('%PDF').toString('base64')
  await open(world().url('openai')).messages.create({
    ...body({}),
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
          { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } },
          { type: 'text', text: question },
        ],
      },
    ],
  })
  const sent = world().llm.requests[0]?.body
  for (const part of ['Be brief.', `data:image/png;base64,${data}`, `data:application/pdf;base64,${data}`]) {
    expect(sent).toContain(part)
  }
})
