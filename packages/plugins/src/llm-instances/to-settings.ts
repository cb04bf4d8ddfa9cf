// From the configuration of one instance to what the exchange wants of it.
import { type HealthCheck, isJsonObject } from '@weir/contract'
import type { InstanceSettings } from '@weir/llm-exchange'

export interface ConfiguredInstance {
  readonly provider: string
  readonly auth: Readonly<Record<string, unknown>>
  readonly options?: Readonly<Record<string, unknown>> | undefined
  readonly override?: InstanceSettings['override']
}

export function toInstanceSettings(
  config: ConfiguredInstance,
  place: {
    readonly name: string
    readonly weight: number
    readonly priority: number
    readonly checks?: HealthCheck | undefined
  },
): InstanceSettings {
  return {
    ...place,
    provider: config.provider,
    auth: { header: objectOr(config.auth['header']), query: objectOr(config.auth['query']) },
    options: config.options,
    override: config.override,
  }
}

function objectOr(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isJsonObject(value) ? value : undefined
}
