// The labels of a request's metrics (common-plugins.md §8).
import type { RequestContext } from '@weir/plugin-api'
import type { BoundCounter, BoundGauge, BoundHistogram, Metrics } from '@weir/telemetry'

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
export function labelsKeyOf(ctx: RequestContext): string {
  const { route, llm } = ctx
  const caller = `${ctx.consumer?.username ?? ''}\n${nodeOf(ctx)}\n${requestTypeOf(ctx)}`
  const models = llm ? `\n${cut(llm.requestModel)}\n${cut(llm.model)}` : ''
  return `${route.id}\n${route.uri}\n${route.hostPattern}\n${route.serviceId ?? ''}\n${caller}${models}`
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

/** Metrics with some labels switched off by plugin metadata: their value is empty. */
export class LabelledMetrics {
  readonly #metrics: Metrics
  readonly #disabled: Readonly<Record<string, readonly string[]>>

  constructor(metrics: Metrics, disabled: Readonly<Record<string, readonly string[]>>) {
    this.#metrics = metrics
    this.#disabled = disabled
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
    const disabled = this.#disabled[name]
    if (!disabled || disabled.length === 0) return labels
    const kept = Object.entries(labels).filter(([label]) => !disabled.includes(label))
    return Object.fromEntries(kept)
  }
}
