// The series that requests of one caller, model and route count in, each bound at its first use.
import { cacheOutcome, type LlmExchange, type RequestContext, type RequestSummary } from '@weir/plugin-api'
import type { BoundCounter, BoundHistogram } from '@weir/telemetry'
import { CacheSeries } from './cache-series.ts'
import type { LabelledMetrics, Labels } from './labels.ts'

const errorStatusMin = 400

export class RequestSeries {
  readonly #metrics: LabelledMetrics
  readonly #labels: Labels
  readonly #total: BoundHistogram
  readonly #gateway: BoundHistogram
  readonly #ingress: BoundCounter
  readonly #egress: BoundCounter
  readonly #statuses = new Map<string, BoundCounter>()
  #upstream: BoundHistogram | undefined
  #llm: LlmSeries | undefined
  #cache: CacheSeries | undefined

  constructor(metrics: LabelledMetrics, labels: Labels) {
    this.#metrics = metrics
    this.#labels = labels
    this.#total = metrics.histogram('http_latency', { ...labels, type: 'request' })
    this.#gateway = metrics.histogram('http_latency', { ...labels, type: 'apisix' })
    this.#ingress = metrics.counter('bandwidth', { ...labels, type: 'ingress' })
    this.#egress = metrics.counter('bandwidth', { ...labels, type: 'egress' })
  }

  count(summary: RequestSummary, ctx: RequestContext): void {
    const { llm } = ctx
    const { durationMs, upstreamMs } = summary
    this.#status(summary).inc()
    this.#total.observe(durationMs)
    if (upstreamMs !== undefined) {
      this.#upstream ??= this.#metrics.histogram('http_latency', { ...this.#labels, type: 'upstream' })
      this.#upstream.observe(upstreamMs)
    }
    this.#gateway.observe(Math.max(0, durationMs - (upstreamMs ?? 0)))
    this.#ingress.inc(summary.requestBytes)
    this.#egress.inc(summary.responseBytes)
    const outcome = ctx.state.get(cacheOutcome)
    if (outcome) {
      const { route } = ctx
      if (this.#cache?.route !== route) this.#cache = new CacheSeries(this.#metrics, this.#labels, route)
      this.#cache.count(outcome)
    }
    if (!llm) return
    this.#llm ??= new LlmSeries(this.#metrics, this.#labels)
    this.#llm.count(summary, llm)
    this.#llm.countOverhead(summary, ctx)
  }

  #status({ status, source }: RequestSummary): BoundCounter {
    const key = `${status} ${source}`
    let counter = this.#statuses.get(key)
    if (!counter) {
      const labels = { ...this.#labels, code: String(status), response_source: source }
      counter = this.#metrics.counter('http_status', labels)
      this.#statuses.set(key, counter)
    }
    return counter
  }
}

/** Tokens count on every exit, with 0 when there were none; times only of answers that began well. */
class LlmSeries {
  readonly #metrics: LabelledMetrics
  readonly #labels: Labels
  readonly #prompt: BoundCounter
  readonly #completion: BoundCounter
  readonly #promptSizes: BoundHistogram
  readonly #completionSizes: BoundHistogram
  #total: BoundHistogram | undefined
  #firstToken: BoundHistogram | undefined
  #perToken: BoundHistogram | undefined
  #before: BoundHistogram | undefined
  #after: BoundHistogram | undefined

  constructor(metrics: LabelledMetrics, labels: Labels) {
    this.#metrics = metrics
    this.#labels = labels
    this.#prompt = metrics.counter('llm_prompt_tokens', labels)
    this.#completion = metrics.counter('llm_completion_tokens', labels)
    this.#promptSizes = metrics.histogram('llm_prompt_tokens_dist', labels)
    this.#completionSizes = metrics.histogram('llm_completion_tokens_dist', labels)
  }

  count({ status }: RequestSummary, llm: LlmExchange): void {
    if (status < errorStatusMin && llm.timeToFirstTokenMs > 0) {
      this.#total ??= this.#latency('total')
      this.#total.observe(llm.upstreamMs)
      if (llm.stream) {
        this.#firstToken ??= this.#latency('ttft')
        this.#firstToken.observe(llm.timeToFirstTokenMs)
        this.#countGaps(llm)
      }
    }
    const promptTokens = llm.usage?.promptTokens ?? 0
    const completionTokens = llm.usage?.completionTokens ?? 0
    this.#prompt.inc(promptTokens)
    this.#completion.inc(completionTokens)
    this.#promptSizes.observe(promptTokens)
    this.#completionSizes.observe(completionTokens)
  }

  /** The gateway's own time. Waiting for the client's body counts as time before. */
  countOverhead({ durationMs }: RequestSummary, { startedAt, upstream: { attempts } }: RequestContext): void {
    const [first] = attempts
    const last = attempts.at(-1)
    if (!first || last?.responseMs === undefined) return
    this.#before ??= this.#overhead('before')
    this.#before.observe(first.startedAt - startedAt)
    this.#after ??= this.#overhead('after')
    this.#after.observe(Math.max(0, startedAt + durationMs - last.startedAt - last.responseMs))
  }

  #countGaps({ usage, upstreamMs, timeToFirstTokenMs }: LlmExchange): void {
    const gaps = (usage?.completionTokens ?? 0) - 1
    if (gaps < 1) return
    this.#perToken ??= this.#metrics.histogram('llm_time_per_output_token', this.#labels)
    this.#perToken.observe((upstreamMs - timeToFirstTokenMs) / gaps)
  }

  #overhead(type: 'before' | 'after'): BoundHistogram {
    return this.#metrics.histogram('llm_gateway_overhead', { ...this.#labels, type })
  }

  #latency(type: 'total' | 'ttft'): BoundHistogram {
    return this.#metrics.histogram('llm_latency', { ...this.#labels, type })
  }
}
