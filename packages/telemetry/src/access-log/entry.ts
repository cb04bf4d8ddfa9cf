// One request as the access log shows it: the fields of APISIX's format (etcd.md §9) and the LLM variables
// (ai-plugins.md §9) under their variables' names, as one line of JSON.
import { withoutSecrets } from './without-secrets.ts'

export interface AccessLogEntry {
  /** Milliseconds since the epoch at which the request began. */
  readonly startedAt: number
  readonly requestId: string
  readonly remoteAddress: string
  readonly method: string
  /** The request target as sent. Values of arguments that usually are credentials are cut out. */
  readonly target: string
  /** Further argument names that held a credential in this request. */
  readonly secretArguments?: readonly string[] | undefined
  readonly httpVersion: string
  readonly host: string | undefined
  readonly status: number
  readonly bodyBytesSent: number
  readonly requestLength: number
  /** Milliseconds. */
  readonly durationMs: number
  readonly referer: string | undefined
  readonly userAgent: string | undefined
  readonly routeId: string
  readonly serviceId: string | undefined
  readonly consumerName: string | undefined
  /** `complete`, `client_gone` ...; whether the answer is whole. */
  readonly outcome: string
  /** Who made the answer: `apisix`, `nginx` or `upstream`. */
  readonly responseSource: string
  readonly upstream: UpstreamPart | undefined
  readonly llm: LlmPart | undefined
}

export interface UpstreamPart {
  /** Of all attempts, separated by comma and blank. */
  readonly addresses: string
  readonly statuses: string
  /** Milliseconds of all attempts together. */
  readonly responseMs: number | undefined
  readonly scheme: string
  readonly host: string
  readonly uri: string
}

export interface LlmPart {
  readonly stream: boolean
  readonly requestModel: string
  readonly model: string
  readonly instance: string
  readonly timeToFirstTokenMs: number
  readonly upstreamMs: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly totalTokens: number
  readonly cacheReadTokens: number
  readonly cacheCreationTokens: number
  readonly reasoningTokens: number
  /** `reported`, `estimated` or `none`. */
  readonly usageSource: string
  readonly hasToolCalls: boolean
  readonly toolCount: number
  readonly endUser: string
  readonly riskLevel: string
  /** Calls to LLM services. */
  readonly attempts: number
  /** How the request ended. */
  readonly endReason: string
  /** The accounts that metered it. */
  readonly quota: readonly QuotaPart[]
}

interface QuotaPart {
  readonly account: string
  readonly level: string
  readonly reserved: number
  readonly charged: number
  /** Seconds. */
  readonly window: number
}

/**
 * With the line end. Built by hand, as there is one for every request, and from few pieces: what follows from the
 * configuration is one text that was made before.
 */
export function formatAccessLine(entry: AccessLogEntry): string {
  const target = withoutSecrets(entry.target, entry.secretArguments)
  const line =
    `{"time":"${timestamp(entry.startedAt)}","remote_addr":${quote(entry.remoteAddress)}` +
    `,"http_host":${quote(entry.host ?? '')}` +
    `,"request":${quote(`${entry.method} ${target} HTTP/${entry.httpVersion}`)}` +
    `,"status":${entry.status},"body_bytes_sent":${entry.bodyBytesSent}` +
    `,"request_length":${entry.requestLength},"request_time":${seconds(entry.durationMs)}` +
    `,"http_referer":${quote(entry.referer ?? '')},"http_user_agent":${quote(entry.userAgent ?? '')}` +
    `,"apisix_request_id":${quote(entry.requestId)}${routeText(entry.routeId, entry.serviceId ?? '')}` +
    `,"consumer_name":${known(entry.consumerName ?? '')}` +
    `,"outcome":"${entry.outcome}","response_source":"${entry.responseSource}"`
  const upstream = entry.upstream ? formatUpstream(entry.upstream, entry.secretArguments) : ''
  return `${line}${upstream}${entry.llm ? formatLlm(entry.llm) : ',"request_type":"traditional_http"'}}\n`
}

function formatUpstream(upstream: UpstreamPart, secretArguments: AccessLogEntry['secretArguments']): string {
  const time =
    upstream.responseMs === undefined ? '' : `,"upstream_response_time":${seconds(upstream.responseMs)}`
  return `,"upstream_status":"${upstream.statuses}"${time}${targetText(upstream, secretArguments)}`
}

function formatLlm(llm: LlmPart): string {
  return (
    (llm.stream ? ',"request_type":"ai_stream"' : ',"request_type":"ai_chat"') +
    `,"request_llm_model":${quote(llm.requestModel)}${instanceText(llm.instance, llm.model)}` +
    `,"llm_time_to_first_token":${Math.round(llm.timeToFirstTokenMs)}` +
    `,"apisix_upstream_response_time":${Math.round(llm.upstreamMs)}` +
    `,"llm_prompt_tokens":${llm.promptTokens},"llm_completion_tokens":${llm.completionTokens}` +
    `,"llm_total_tokens":${llm.totalTokens}${detailsText(llm)}` +
    `,"llm_usage_source":"${llm.usageSource}"${factsText(llm)}` +
    `,"llm_attempts":${llm.attempts},"llm_end_reason":"${llm.endReason}"${quotaText(llm.quota)}`
  )
}

function quotaText(quota: readonly QuotaPart[]): string {
  if (quota.length === 0) return ''
  let text = ''
  for (const { account, level, reserved, charged, window } of quota) {
    text +=
      `${text === '' ? '' : ','}{"account":${known(account)},"level":"${level}"` +
      `,"reserved":${reserved},"charged":${charged},"window":${window}}`
  }
  return `,"llm_quota":[${text}]`
}

const noDetails =
  ',"llm_cache_read_input_tokens":0,"llm_cache_creation_input_tokens":0,"llm_reasoning_tokens":0'

function detailsText(llm: LlmPart): string {
  if (llm.cacheReadTokens === 0 && llm.cacheCreationTokens === 0 && llm.reasoningTokens === 0)
    return noDetails
  return (
    `,"llm_cache_read_input_tokens":${llm.cacheReadTokens}` +
    `,"llm_cache_creation_input_tokens":${llm.cacheCreationTokens}` +
    `,"llm_reasoning_tokens":${llm.reasoningTokens}`
  )
}

const noFacts =
  ',"llm_has_tool_calls":false,"llm_tool_count":0,"llm_end_user_id":"","llm_content_risk_level":""'

function factsText(llm: LlmPart): string {
  const stream = llm.stream ? ',"llm_stream":true' : ',"llm_stream":false'
  if (!llm.hasToolCalls && llm.toolCount === 0 && llm.endUser === '' && llm.riskLevel === '') {
    return stream + noFacts
  }
  return (
    `${stream},"llm_has_tool_calls":${llm.hasToolCalls},"llm_tool_count":${llm.toolCount}` +
    `,"llm_end_user_id":${quote(llm.endUser)},"llm_content_risk_level":${quote(llm.riskLevel)}`
  )
}

/** Texts made before, by what they were made of. They are few, and they come again. */
const textsMax = 10_000

function remember<T>(texts: Map<string, T>, key: string, text: T): T {
  if (texts.size >= textsMax) texts.clear()
  texts.set(key, text)
  return text
}

const routeTexts = new Map<string, { readonly serviceId: string; readonly text: string }>()

function routeText(routeId: string, serviceId: string): string {
  const before = routeTexts.get(routeId)
  if (before?.serviceId === serviceId) return before.text
  const text = `,"route_id":${quote(routeId)},"service_id":${quote(serviceId)}`
  return remember(routeTexts, routeId, { serviceId, text }).text
}

const instanceTexts = new Map<string, { readonly model: string; readonly text: string }>()

function instanceText(instance: string, model: string): string {
  const before = instanceTexts.get(instance)
  if (before?.model === model) return before.text
  const text = `,"llm_model":${quote(model)},"balancer_ip":${quote(instance)}`
  return remember(instanceTexts, instance, { model, text }).text
}

const targetTexts = new Map<string, { readonly upstream: UpstreamPart; readonly text: string }>()

function targetText(upstream: UpstreamPart, secretArguments: AccessLogEntry['secretArguments']): string {
  const { addresses, scheme, host, uri } = upstream
  const before = targetTexts.get(addresses)
  if (before?.upstream.uri === uri && before.upstream.host === host && before.upstream.scheme === scheme) {
    return before.text
  }
  const text =
    `,"upstream_addr":${quote(addresses)},"upstream_scheme":${quote(scheme)},"upstream_host":${quote(host)}` +
    `,"upstream_uri":${quote(withoutSecrets(uri, secretArguments))}`
  // A query may be anything, and what is secret in it depends on the request.
  if (uri.includes('?')) return text
  return remember(targetTexts, addresses, { upstream, text }).text
}

/** Seconds with milliseconds, as nginx has them. */
function seconds(ms: number): string {
  const whole = Math.round(ms)
  const rest = whole % 1000
  return `${(whole - rest) / 1000}.${threeDigits(rest)}`
}

function threeDigits(number: number): string {
  return number < 10 ? `00${number}` : number < 100 ? `0${number}` : String(number)
}

let lastSecond = -1
/** An ISO time up to the point before the milliseconds. */
let lastPrefix = ''

/** ISO 8601. Most lines fall into the same second as the line before. */
function timestamp(ms: number): string {
  const whole = Math.floor(ms)
  const rest = ((whole % 1000) + 1000) % 1000
  const second = whole - rest
  if (second !== lastSecond) {
    lastSecond = second
    lastPrefix = new Date(second).toISOString().slice(0, -4)
  }
  return `${lastPrefix}${threeDigits(rest)}Z`
}

const knownTexts = new Map<string, string>()

/** A text that comes from the configuration, as JSON. */
function known(text: string): string {
  return knownTexts.get(text) ?? remember(knownTexts, text, quote(text))
}

const plain = /^[\u0020\u0021\u0023-\u005b\u005d-\u007e]*$/
const textLengthMax = 4096

/** As JSON. Most texts need no escaping, which a test finds out faster than JSON.stringify. */
function quote(text: string): string {
  const cut = text.length > textLengthMax ? `${text.slice(0, textLengthMax)}…` : text
  return plain.test(cut) ? `"${cut}"` : JSON.stringify(cut)
}
