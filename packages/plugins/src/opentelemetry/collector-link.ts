// The way to the collector that the plugin's metadata names. All configurations of a thread share one.
import { hostname } from 'node:os'
import type { PluginHost } from '@weir/plugin-api'
import type { OtlpExport, OtlpSettings } from '@weir/telemetry/otlp'
import { type Metadata, metadataSchema } from './schema.ts'

const MS_PER_SECOND = 1000

interface Shared {
  users: number
  /** Present when OpenTelemetry's packages are there. */
  otlp: OtlpExport | undefined
  readonly opening: Promise<OtlpExport | undefined>
  /** At the end of the thread it is closed all the same; this takes that back. */
  readonly stay: () => void
}

const shared = new Map<string, Shared>()

export interface Link {
  readonly metadata: Metadata
  readonly otlp: OtlpExport
}

/** One configuration's hold on the link. Without metadata there is none (contract/common-plugins.md §9). */
export class CollectorLink {
  readonly #host: PluginHost
  #document: unknown
  #metadata: Metadata | undefined
  #key: string | undefined
  #link: Link | undefined

  constructor(host: PluginHost) {
    this.#host = host
    // So that the first request finds it open.
    void this.current()
  }

  /** A promise only while OpenTelemetry's packages are loaded, once per thread. */
  current(): Link | undefined | Promise<Link | undefined> {
    const document = this.#host.metadata()
    if (document !== this.#document) this.#follow(document)
    if (this.#link || this.#key === undefined) return this.#link
    const used = shared.get(this.#key)
    return used?.otlp ? this.#use(used.otlp) : used?.opening.then((otlp) => otlp && this.#use(otlp))
  }

  close(): void {
    const key = this.#key
    this.#key = undefined
    this.#link = undefined
    const used = key === undefined ? undefined : shared.get(key)
    if (!used || key === undefined || --used.users > 0) return
    shared.delete(key)
    used.stay()
    void close(used)
  }

  #follow(document: unknown): void {
    const before = this.#key
    this.#document = document
    const parsed = document === undefined ? undefined : metadataSchema.parse(document)
    this.#metadata = parsed?.ok ? parsed.value : undefined
    const settings = this.#metadata && settingsOf(this.#metadata)
    const key = settings && JSON.stringify(settings)
    this.#link = undefined
    if (key === before) return
    this.close()
    if (settings && key !== undefined) this.#hold(key, settings)
  }

  #hold(key: string, settings: OtlpSettings): void {
    this.#key = key
    const used = shared.get(key) ?? open(settings, this.#host)
    used.users++
    shared.set(key, used)
  }

  #use(otlp: OtlpExport): Link | undefined {
    return this.#metadata && (this.#link ??= { metadata: this.#metadata, otlp })
  }
}

async function close({ opening }: Shared): Promise<void> {
  await (await opening)?.close()
}

function open(settings: OtlpSettings, host: PluginHost): Shared {
  const stay = host.beforeEnd(() => close(opened))
  const opened: Shared = { users: 0, otlp: undefined, opening: load(), stay }
  return opened

  async function load(): Promise<OtlpExport | undefined> {
    try {
      const { openOtlp } = await import('@weir/telemetry/otlp')
      return (opened.otlp = openOtlp(settings, host.log))
    } catch (error) {
      host.log.error('OpenTelemetry cannot be used', {
        reason: error instanceof Error ? error.message : 'unknown',
      })
      return undefined
    }
  }
}

function settingsOf({ collector, batch_span_processor: batch, resource, metrics }: Metadata): OtlpSettings {
  return {
    address: collector.address,
    requestTimeoutMs: collector.request_timeout * MS_PER_SECOND,
    requestHeaders: collector.request_headers,
    resource: { hostname: hostname(), 'service.name': 'APISIX', ...resource },
    queueSpansMax: batch.max_queue_size,
    batchSpansMax: batch.max_export_batch_size,
    batchMs: Math.min(batch.batch_timeout, batch.inactive_timeout) * MS_PER_SECOND,
    metricsMs: metrics.enabled ? metrics.interval * MS_PER_SECOND : 0,
  }
}
