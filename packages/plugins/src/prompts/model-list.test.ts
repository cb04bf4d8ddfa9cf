// Whoever asks for the list of models brings no prompt: the plugins for prompts let it pass.
import type { AnyPlugin } from '@weir/plugin-api'
import { createTestHost, runPlugin } from '@weir/plugin-api/harness'
import { expect, test } from 'vitest'
import { aiPromptDecorator } from '../ai-prompt-decorator/plugin.ts'
import { aiPromptGuard } from '../ai-prompt-guard/plugin.ts'
import { aiPromptTemplate } from '../ai-prompt-template/plugin.ts'
import { aiRag } from '../ai-rag/plugin.ts'
import { aiRequestRewrite } from '../ai-request-rewrite/plugin.ts'

const service = { endpoint: 'http://127.0.0.1/', api_key: 'k' }
const cases: readonly (readonly [AnyPlugin, object])[] = [
  [aiPromptDecorator, { prepend: [] }],
  [aiPromptGuard, { deny_patterns: ['bomb'] }],
  [aiPromptTemplate, { templates: [{ name: 't', template: {} }] }],
  [
    aiRag,
    {
      embeddings_provider: { azure_openai: service },
      vector_search_provider: { azure_ai_search: service },
    },
  ],
  [aiRequestRewrite, { prompt: 'p', provider: 'openai', auth: {} }],
]

test.each(cases)('$name', async (plugin, config) => {
  const host = createTestHost()
  const run = (request: object) =>
    runPlugin(plugin, config, { host, request: { target: '/v1/models', ...request } })
  expect((await run({ method: 'GET' })).reply).toBeUndefined()
  expect((await run({ method: 'GET', target: '/v1/models/a/b' })).reply).toBeUndefined()
  expect((await run({ method: 'POST' })).reply).toMatchObject({ status: 400 })
  expect((await run({ method: 'GET', target: '/v1/other' })).reply).toMatchObject({ status: 400 })
})

test('what has a body is judged whatever it asks for', async () => {
  const { reply } = await runPlugin(
    aiPromptGuard,
    { deny_patterns: ['bomb'] },
    { request: { method: 'GET', target: '/v1/models', body: { input: 'bomb' } } },
  )
  expect(reply).toMatchObject({ status: 400 })
})
