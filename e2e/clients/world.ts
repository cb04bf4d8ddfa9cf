// One gateway before one provider, which is spoken to in every protocol.
import { type LlmServer, startLlmServer } from '@weir/testkit'
import { untilRouted } from '../world/calls.ts'
import { startWeir, type Weir } from '../world/weir.ts'

export interface ClientWorld {
  readonly weir: Weir
  readonly llm: LlmServer
  /** What clients call before their own `/v1/...`. */
  url(route: RouteName | Refusal): string
  stop(): Promise<void>
}

/**
 * `openai`: Chat Completions, Responses and Embeddings. `chat`, `responses`, `claude`: one protocol only, so that all
 * others are converted. `openrouter`: a model with a slash in its name. `gemini`: Google's own paths, passed on as they
 * are, so its client is given the gateway itself.
 */
export type RouteName = 'openai' | 'chat' | 'responses' | 'claude' | 'openrouter' | 'gemini'

/** `locked` wants a key that nobody has, `spent` answers once a minute, `nowhere` is no route at all. */
type Refusal = 'locked' | 'spent' | 'nowhere'

export async function startClientWorld(): Promise<ClientWorld> {
  const [weir, llm] = await Promise.all([startWeir(), startLlmServer({ name: 'llm' })])
  const routes = {
    openai: { provider: 'openai', override: { endpoint: llm.url } },
    chat: {
      provider: 'openai',
      options: { model: 'gpt-of-the-route' },
      override: { endpoint: `${llm.url}/v1/chat/completions` },
    },
    responses: { provider: 'openai', override: { endpoint: `${llm.url}/v1/responses` } },
    claude: { provider: 'anthropic', override: { endpoint: `${llm.url}/v1/messages` } },
    openrouter: {
      provider: 'openrouter',
      options: { model: 'qwen/qwen3:free' },
      override: { endpoint: llm.url },
    },
    gemini: { provider: 'gemini', override: { endpoint: llm.url } },
  } satisfies Record<RouteName, object>
  for (const [name, settings] of Object.entries(routes)) {
    const uris = name === 'gemini' ? ['/v1/models/*', '/v1beta/models/*'] : [`/${name}/*`]
    await weir.put(`routes/${name}`, { uris, plugins: { 'ai-proxy': { auth: {}, ...settings } } })
    for (const uri of uris) await untilRouted(weir.proxyUrl + uri)
  }
  const refusals = {
    locked: { 'key-auth': { header: 'x-key' } },
    spent: { 'limit-count': { count: 1, time_window: 60, rejected_code: 429 } },
  } satisfies Partial<Record<Refusal, object>>
  for (const [name, plugins] of Object.entries(refusals)) {
    const proxy = { auth: {}, ...routes.openai }
    await weir.put(`routes/${name}`, { uri: `/${name}/*`, plugins: { 'ai-proxy': proxy, ...plugins } })
    await untilRouted(`${weir.proxyUrl}/${name}/none`)
  }
  return {
    weir,
    llm,
    url: (route) => (route === 'gemini' ? weir.proxyUrl : `${weir.proxyUrl}/${route}`),
    async stop() {
      await Promise.all([weir.stop(), llm.close()])
    },
  }
}
