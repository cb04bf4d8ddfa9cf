// Where and how the LLM that rewrites requests is called: the same for all of them.
import { randomUUID } from 'node:crypto'
import { isReference } from '@weir/contract'
import { BodyShaper, type Endpoint, findProvider, hostHeader, openaiChat, parseEndpoint } from '@weir/llm'
import type { Config } from './schema.ts'

export interface LlmCall {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The JSON before the characters of the text that is to be rewritten, and behind them. */
  readonly head: Buffer
  readonly tail: Buffer
}

/** Why a configuration cannot be called; undefined when it can. */
export function callComplaint({ provider, override }: Config): string | undefined {
  const endpoint = override?.endpoint
  if (endpoint === undefined) {
    if (provider === 'openai-compatible') {
      return 'override.endpoint is required for openai-compatible provider'
    }
    if (hostOf(provider) === undefined) return `override.endpoint is required for ${provider} provider`
  } else if (!isReference(endpoint)) {
    const parsed = parseEndpoint(endpoint)
    if (!parsed) return 'override.endpoint is not an http or https URL'
    if (pathOf(provider, parsed) === undefined)
      return `override.endpoint needs a path for ${provider} provider`
  }
  return undefined
}

/** Throws for what `callComplaint` complains about. */
export function createLlmCall(config: Config): LlmCall {
  const { provider, auth, options, override } = config
  const endpoint = parseEndpoint(override?.endpoint ?? `https://${hostOf(provider) ?? ''}`)
  const path = endpoint && pathOf(provider, endpoint)
  if (!endpoint || path === undefined) throw new Error(callComplaint(config) ?? 'no address to call')
  const query = new URLSearchParams(toPairs(auth.query))
  for (const name of new Set(new URLSearchParams(endpoint.query).keys())) query.delete(name)
  for (const [name, value] of new URLSearchParams(endpoint.query)) query.append(name, value)
  const search = query.size > 0 ? `?${query.toString()}` : ''
  const place = randomUUID()
  const request = {
    messages: [
      { role: 'system', content: config.prompt },
      { role: 'user', content: place },
    ],
    stream: false,
  }
  const shaper = new BodyShaper(openaiChat, {
    options,
    maxTokens: undefined,
    maxTokensMember: undefined,
    patch: undefined,
    forcePatch: false,
    dropsModel: findProvider(provider)?.dropsModel === 'always',
  })
  const { bytes } = shaper.shape(request, undefined)
  // Options may replace the messages, and then there is no place.
  const [head = '', tail = ''] = (Buffer.isBuffer(bytes) ? bytes : Buffer.concat(bytes))
    .toString()
    .split(place)
  return {
    url: `${endpoint.scheme}://${hostHeader(endpoint)}${path}${search}`,
    headers: { ...Object.fromEntries(toPairs(auth.header)), 'content-type': 'application/json' },
    head: Buffer.from(head),
    tail: Buffer.from(tail),
  }
}

/** Undefined where an endpoint has to be given, whose path says the rest. */
function hostOf(name: Config['provider']): string | undefined {
  const provider = findProvider(name)
  return typeof provider?.host === 'string' && pathOfChat(name) !== undefined ? provider.host : undefined
}

function pathOf(provider: Config['provider'], { path }: Endpoint): string | undefined {
  return path ?? pathOfChat(provider)
}

/** Some paths depend on a project and a region, which this plugin does not know. */
function pathOfChat(name: Config['provider']): string | undefined {
  const path = findProvider(name)?.paths['openai-chat']
  return typeof path === 'string' ? path : undefined
}

function toPairs(map: Readonly<Record<string, unknown>> | undefined): [name: string, value: string][] {
  return Object.entries(map ?? {}).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name.toLowerCase(), value]] : [],
  )
}
