// What the cache of one configuration does in each phase: look up, listen in, store. Loaded with its first request.
import { toCounterPolicy } from '@weir/counters'
import {
  answerDenied,
  cacheOutcome,
  defineStateKey,
  type LlmExchange,
  passedUnjudged,
  type PluginHost,
  type PluginInstance,
  type Reply,
  type RequestContext,
} from '@weir/plugin-api'
import { headerOf, setHeader } from '../header-list/header-list.ts'
import { type Entry, replyOf } from './entry.ts'
import { ExactLayer, exactKey } from './exact-layer.ts'
import { fingerprintOf } from './fingerprint.ts'
import { HeldBytes } from './held-bytes.ts'
import { recordAnswer, type Recorded, type Recording, StreamRecording } from './recording.ts'
import type { Config } from './schema.ts'
import { scopeDefaults, scopeOf } from './scope.ts'
import type { SemanticLayer, SemanticQuery } from './semantic/semantic-layer.ts'

const name = 'ai-cache'

/** A request that the cache did not know, until its answer can be stored. */
interface Miss {
  readonly key: string
  readonly fingerprint: string
  /** The instance that the fingerprint is about: another one's answer is not stored under it. */
  readonly instance: string
  readonly query: SemanticQuery | undefined
  recording: Recording | undefined
}

/** Of an object that is not there, whose members are not filled in. */
const exactDefaults: { readonly ttl: number } = { ttl: 3600 }

const missOf = defineStateKey<Miss>('ai-cache-miss')

/** Of all configurations of a worker together. */
const memory = new HeldBytes()

export type Cache = Required<Pick<PluginInstance, 'access' | 'headerFilter' | 'tap' | 'log'>>

export function createCache(config: Config, host: PluginHost): Cache {
  const { max_cache_body_size: bytesMax, cache_headers: withHeaders } = config
  const rules = (config.bypass_on ?? []).map(({ header, equals }) => ({
    header: header.toLowerCase(),
    equals,
  }))
  const policy = toCounterPolicy(config)
  if (policy.policy !== 'redis') throw new Error('ai-cache keeps its entries in Redis')
  const redis = host.counters.commands(policy)
  const exact = new ExactLayer(redis, { ...exactDefaults, ...config.exact }.ttl)
  const scopeSettings = { ...scopeDefaults, ...config.cache_key }
  let semanticLayer: Promise<SemanticLayer> | undefined
  /** So that an outage is one line in the log, not one per request. */
  let isAway = false

  /** Loaded with its first use. */
  function semantic(): Promise<SemanticLayer> | undefined {
    const { semantic: settings, layers } = config
    if (!settings || !layers.includes('semantic')) return undefined
    return (semanticLayer ??= import('./semantic/semantic-layer.ts').then(({ createSemanticLayer }) =>
      createSemanticLayer(settings, redis, host),
    ))
  }

  async function find(ctx: RequestContext, llm: LlmExchange): Promise<Reply | undefined> {
    let fingerprint = fingerprintOf(ctx, llm)
    if (fingerprint instanceof Promise) fingerprint = await fingerprint
    if (fingerprint === undefined) return bypass(ctx)
    const scope = scopeOf(ctx, scopeSettings)
    const key = exactKey(scope, fingerprint)
    let query: SemanticQuery | undefined
    let embeddingMs: number | undefined
    try {
      const entry = await exact.find(key)
      if (entry) return hit(ctx, 'exact', entry)
      const layer = await semantic()
      query = await layer?.embed(ctx, llm, scope)
      embeddingMs = query?.embeddingMs
      const near = query && (await layer?.find(query))
      if (near) {
        if (memory.take(near.entry.body.length)) keep(exact.store(key, near.entry), near.entry.body.length)
        return hit(ctx, 'semantic', near.entry, embeddingMs, near.similarity)
      }
      isAway = false
    } catch (error) {
      query = undefined
      failed(error)
    }
    tell(ctx, 'MISS', embeddingMs)
    ctx.state.set(missOf, { key, fingerprint, instance: llm.instance, query, recording: undefined })
    return undefined
  }

  function hit(
    ctx: RequestContext,
    layer: 'exact' | 'semantic',
    entry: Entry,
    embeddingMs?: number,
    similarity?: number,
  ): Reply {
    isAway = false
    ctx.state.set(cacheOutcome, { status: 'HIT', layer, embeddingMs })
    return replyOf(entry, host.now(), withHeaders, similarity)
  }

  function unsupported(ctx: RequestContext): Reply | undefined {
    const reason = 'no ai instance picked (the request did not pass through ai-proxy or ai-proxy-multi)'
    if (config.fail_mode === 'error')
      return { status: 500, body: `${name} must be used with the ai-proxy or ai-proxy-multi plugin` }
    if (config.fail_mode === 'warn') ctx.log.warn(`${name} skipped: ${reason}`)
    else ctx.log.info(`${name} skipped: ${reason}`)
    return bypass(ctx)
  }

  function failed(error: unknown): void {
    if (isAway) return
    isAway = true
    const reason = error instanceof Error ? error.message : 'unknown'
    host.log.warn('the cache cannot be asked; requests go on as misses', { plugin: name, reason })
  }

  /** What is being stored is in memory until Redis has taken it. */
  function keep(stored: Promise<void>, bytes: number): void {
    stored.catch(failed).finally(() => memory.giveBack(bytes))
  }

  function store({ key, fingerprint, query }: Miss, { body, format }: Recorded): void {
    const bytes = body.length
    if (!memory.take(bytes)) return
    const entry = { body, format, created_at: Math.floor(host.now() / 1000) }
    keep(storeIn(key, fingerprint, query, entry), bytes)
  }

  async function storeIn(
    key: string,
    fingerprint: string,
    query: SemanticQuery | undefined,
    entry: Entry,
  ): Promise<void> {
    await exact.store(key, entry)
    if (query) await (await semantic())?.store(query, fingerprint, entry)
  }

  return {
    access(ctx) {
      const { llm } = ctx
      if (!llm) return unsupported(ctx)
      // Streams of binary frames cannot be sent again.
      if (llm.stream && llm.protocol.name === 'bedrock-converse') return bypass(ctx)
      if (rules.some(({ header, equals }) => ctx.request.header(header) === equals)) return bypass(ctx)
      return find(ctx, llm)
    },

    headerFilter(ctx, response) {
      const outcome = ctx.state.get(cacheOutcome)
      // An upstream may have a cache of its own.
      if (withHeaders && outcome) setHeader(response.headers, 'X-AI-Cache-Status', outcome.status)
      const miss = ctx.state.get(missOf)
      if (!miss || response.status !== 200 || response.source !== 'upstream') return
      if (headerOf(response.headers, 'content-encoding') !== undefined) return
      miss.recording = recordAnswer(response, bytesMax)
    },

    tap(ctx, response) {
      const miss = ctx.state.get(missOf)
      if (!miss || response.status !== 200 || response.source !== 'upstream') return undefined
      const { headers } = response
      if (!headerOf(headers, 'content-type')?.startsWith('text/event-stream')) return undefined
      if (headerOf(headers, 'content-encoding') !== undefined) return undefined
      const recording = new StreamRecording(bytesMax, memory)
      miss.recording = recording
      return recording
    },

    log(ctx, { status, outcome }) {
      const miss = ctx.state.get(missOf)
      const { llm } = ctx
      if (!miss?.recording || !llm) return
      const { reason } = llm.ledger
      const isComplete = outcome === 'complete' && (reason === 'answered' || reason === 'streamed')
      const isDoubtful = ctx.state.get(answerDenied) === true || ctx.state.get(passedUnjudged) === true
      const isMeant = llm.isWhole && llm.instance === miss.instance
      const isStored = status === 200 && isComplete && !isDoubtful && isMeant
      const recorded = isStored ? miss.recording.recorded(llm.protocol) : undefined
      miss.recording.release()
      if (!recorded) return
      // The arguments of a call are those of one prompt, however near another one is.
      store(llm.hasToolCalls ? { ...miss, query: undefined } : miss, recorded)
    },
  }
}

function bypass(ctx: RequestContext): undefined {
  tell(ctx, 'BYPASS')
}

function tell(ctx: RequestContext, status: 'MISS' | 'BYPASS', embeddingMs?: number): void {
  ctx.state.set(cacheOutcome, { status, layer: undefined, embeddingMs })
}
