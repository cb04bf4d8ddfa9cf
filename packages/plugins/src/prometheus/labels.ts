// The labels of a request's metrics (common-plugins.md §8).
import type { RequestContext } from '@weir/plugin-api'
import type { BoundCounter, BoundGauge, BoundHistogram, ExtraLabel, Metrics } from '@weir/telemetry'

export type Labels = Readonly<Record<string, string>>

/** Clients choose model names; longer ones are cut. Bytes. */
const modelLabelBytesMax = 128

/** Of all labels that do not change between the requests of one caller, model and route. */
export function labelsOf(ctx: RequestContext, preferName: boolean): Labels {
  const { route, llm } = ctx
  return {
    route: (preferName ? route.name : undefined) ?? route.id,
    service: (preferName ? route.serviceName : undefined) ?? route.serviceId ?? '',
    route_id: route.id,
    service_id: route.serviceId ?? '',
    matched_uri: route.uri,
    matched_host: route.hostPattern,
    consumer: ctx.consumer?.username ?? '',
    node: nodeOf(ctx),
    request_type: requestTypeOf(ctx),
    request_llm_model: cut(llm?.requestModel ?? ''),
    llm_model: cut(llm?.model ?? ''),
  }
}

/** What tells two sets of such labels apart, for a look-up that builds none. */
export function labelsKeyOf(ctx: RequestContext, preferName: boolean): string {
  const { route, llm } = ctx
  const names = preferName ? `\n${route.name ?? ''}\n${route.serviceName ?? ''}` : ''
  const caller = `${ctx.consumer?.username ?? ''}\n${nodeOf(ctx)}\n${requestTypeOf(ctx)}`
  const models = llm ? `\n${cut(llm.requestModel)}\n${cut(llm.model)}` : ''
  return `${route.id}\n${route.uri}\n${route.hostPattern}\n${route.serviceId ?? ''}\n${caller}${models}${names}`
}

function nodeOf(ctx: RequestContext): string {
  return ctx.upstream.node || (ctx.llm?.instance ?? '')
}

function requestTypeOf({ llm }: RequestContext): string {
  if (!llm) return 'traditional_http'
  return llm.stream ? 'ai_stream' : 'ai_chat'
}

function cut(model: string): string {
  if (model.length * 3 <= modelLabelBytesMax) return model
  const bytes = Buffer.from(model)
  if (bytes.length <= modelLabelBytesMax) return model
  // A character that would be cut in two is left out.
  let end = modelLabelBytesMax
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}

/** Labels that the operator wants besides (`plugin_attr.prometheus.metrics.<name>.extra_labels`). */
export class ExtraLabels {
  readonly #metrics: readonly (readonly [metric: string, labels: readonly ExtraLabel[]])[]
  readonly #variables: readonly string[]

  constructor(byMetric: Readonly<Record<string, readonly ExtraLabel[]>> = {}) {
    this.#metrics = Object.entries(byMetric)
    const variables = this.#metrics.flatMap(([, labels]) =>
      labels.flatMap(({ value }) => variableOf(value) ?? []),
    )
    this.#variables = [...new Set(variables)]
  }

  /** What tells the values of two requests apart; empty when there are no such labels. */
  keyOf(ctx: RequestContext): string {
    let key = ''
    for (const name of this.#variables) key += `\n${textOf(ctx, name)}`
    return key
  }

  /** By metric; undefined when there are none. */
  of(ctx: RequestContext): Readonly<Record<string, Labels>> | undefined {
    if (this.#metrics.length === 0) return undefined
    return Object.fromEntries(
      this.#metrics.map(([metric, labels]) => [
        metric,
        Object.fromEntries(labels.map(({ name, value }) => [name, valueOf(ctx, value)])),
      ]),
    )
  }
}

function variableOf(value: string): string | undefined {
  return value.startsWith('$') ? value.slice(1) : undefined
}

function valueOf(ctx: RequestContext, value: string): string {
  const variable = variableOf(value)
  return variable === undefined ? value : textOf(ctx, variable)
}

/** Clients choose what many variables hold. */
function textOf(ctx: RequestContext, variable: string): string {
  const value = ctx.variable(variable)
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return cut(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '<non-scalar>'
}

/** Metrics with some labels switched off by plugin metadata (their value is empty), and with extra ones. */
export class LabelledMetrics {
  readonly #metrics: Metrics
  readonly #disabled: Readonly<Record<string, readonly string[]>>
  readonly #extra: Readonly<Record<string, Labels>> | undefined

  constructor(
    metrics: Metrics,
    disabled: Readonly<Record<string, readonly string[]>>,
    extra?: Readonly<Record<string, Labels>>,
  ) {
    this.#metrics = metrics
    this.#disabled = disabled
    this.#extra = extra
  }

  /** The same with other extra labels, by metric. */
  with(extra: Readonly<Record<string, Labels>> | undefined): LabelledMetrics {
    return extra === undefined ? this : new LabelledMetrics(this.#metrics, this.#disabled, extra)
  }

  counter(name: string, labels: Labels): BoundCounter {
    return this.#metrics.counter(name, this.#enabled(name, labels))
  }

  gauge(name: string, labels: Labels): BoundGauge {
    return this.#metrics.gauge(name, this.#enabled(name, labels))
  }

  histogram(name: string, labels: Labels): BoundHistogram {
    return this.#metrics.histogram(name, this.#enabled(name, labels))
  }

  #enabled(name: string, labels: Labels): Labels {
    const extra = this.#extra?.[name]
    const all = extra ? { ...labels, ...extra } : labels
    const disabled = this.#disabled[name]
    if (!disabled || disabled.length === 0) return all
    const kept = Object.entries(all).filter(([label]) => !disabled.includes(label))
    return Object.fromEntries(kept)
  }
}
