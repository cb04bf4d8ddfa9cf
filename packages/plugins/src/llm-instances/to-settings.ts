// From the configuration of one instance to what the exchange wants of it.
import { type HealthCheck, isJsonObject } from '@weir/contract'
import type { InstanceSettings } from '@weir/llm-exchange'

export interface ConfiguredInstance {
  readonly provider: string
  readonly auth: Readonly<Record<string, unknown>>
  readonly provider_conf?: InstanceSettings['provider_conf']
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
    readonly examples?: readonly string[] | undefined
    readonly threshold?: number | undefined
  },
): InstanceSettings {
  return {
    ...place,
    provider: config.provider,
    auth: {
      header: objectOr(config.auth['header']),
      query: objectOr(config.auth['query']),
      gcp: gcpOf(config.auth['gcp']),
      aws: awsOf(config.auth['aws']),
    },
    provider_conf: config.provider_conf,
    options: config.options,
    override: config.override,
  }
}

function gcpOf(value: unknown): InstanceSettings['auth']['gcp'] {
  if (!isJsonObject(value)) return undefined
  return {
    service_account_json: textOr(value['service_account_json']),
    max_ttl: numberOr(value['max_ttl']),
    expire_early_secs: numberOr(value['expire_early_secs']),
  }
}

function awsOf(value: unknown): InstanceSettings['auth']['aws'] {
  if (!isJsonObject(value)) return undefined
  return {
    access_key_id: textOr(value['access_key_id']) ?? '',
    secret_access_key: textOr(value['secret_access_key']) ?? '',
    session_token: textOr(value['session_token']),
  }
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOr(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function objectOr(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isJsonObject(value) ? value : undefined
}
