// What the schema cannot say about one instance, in APISIX's words (contract/ai-plugins.md §4).
import { isJsonObject, isReference } from '@weir/contract'

export interface InstanceConfig {
  readonly provider: string
  readonly auth: Readonly<Record<string, unknown>>
  readonly provider_conf?: { readonly project_id?: string; readonly region?: string } | undefined
  readonly override?: { readonly endpoint?: string } | undefined
}

export function instanceComplaint(config: InstanceConfig): string | undefined {
  const { provider, auth, provider_conf: conf, override } = config
  if (provider === 'vertex-ai' && override?.endpoint === undefined && !(conf?.project_id && conf.region)) {
    return 'vertex-ai requires either provider_conf (project_id + region) or override.endpoint'
  }
  if (provider === 'bedrock') {
    if (!conf?.region) return 'bedrock requires provider_conf.region'
    if (!auth['aws']) return 'bedrock requires auth.aws'
  }
  const account = isJsonObject(auth['gcp']) ? auth['gcp']['service_account_json'] : undefined
  if (typeof account === 'string' && !isReference(account)) {
    const complaint = jsonComplaint(account)
    if (complaint !== undefined) return `invalid gcp service_account_json: ${complaint}`
  }
  return undefined
}

/** The parser's words, without the text that it quotes: that is a secret. */
function jsonComplaint(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch {
    return 'not valid JSON'
  }
}
