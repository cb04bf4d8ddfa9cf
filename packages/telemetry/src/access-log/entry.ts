// One request as the access log shows it: the fields of APISIX's format (etcd.md §9) and the LLM variables
// (ai-plugins.md §9) under their variables' names, as one line of JSON.

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
}

/** With the line end. Built by hand, as there is one for every request. */
export function formatAccessLine(entry: AccessLogEntry): string {
  const target = withoutSecrets(entry.target, entry.secretArguments)
  let line =
    `{"time":"${timestamp(entry.startedAt)}"` +
    `,"remote_addr":${quote(entry.remoteAddress)}` +
    `,"http_host":${quote(entry.host ?? '')}` +
    `,"request":${quote(`${entry.method} ${target} HTTP/${entry.httpVersion}`)}` +
    `,"status":${entry.status}` +
    `,"body_bytes_sent":${entry.bodyBytesSent}` +
    `,"request_length":${entry.requestLength}` +
    `,"request_time":${seconds(entry.durationMs)}` +
    `,"http_referer":${quote(entry.referer ?? '')}` +
    `,"http_user_agent":${quote(entry.userAgent ?? '')}` +
    `,"apisix_request_id":"${entry.requestId}"` +
    `,"route_id":${known(entry.routeId)}` +
    `,"service_id":${known(entry.serviceId ?? '')}` +
    `,"consumer_name":${known(entry.consumerName ?? '')}` +
    `,"outcome":"${entry.outcome}"` +
    `,"response_source":"${entry.responseSource}"`
  if (entry.upstream) line += formatUpstream(entry.upstream, entry.secretArguments)
  line += entry.llm ? formatLlm(entry.llm) : ',"request_type":"traditional_http"'
  return `${line}}\n`
}

function formatUpstream(upstream: UpstreamPart, secretArguments: AccessLogEntry['secretArguments']): string {
  const time =
    upstream.responseMs === undefined ? '' : `,"upstream_response_time":${seconds(upstream.responseMs)}`
  return (
    `,"upstream_addr":${quote(upstream.addresses)}` +
    `,"upstream_status":${quote(upstream.statuses)}${time}` +
    `,"upstream_scheme":${quote(upstream.scheme)}` +
    `,"upstream_host":${quote(upstream.host)}` +
    `,"upstream_uri":${quote(withoutSecrets(upstream.uri, secretArguments))}`
  )
}

function formatLlm(llm: LlmPart): string {
  return (
    `,"request_type":"${llm.stream ? 'ai_stream' : 'ai_chat'}"` +
    `,"request_llm_model":${quote(llm.requestModel)}` +
    `,"llm_model":${known(llm.model)}` +
    `,"balancer_ip":${known(llm.instance)}` +
    `,"llm_time_to_first_token":${Math.round(llm.timeToFirstTokenMs)}` +
    `,"apisix_upstream_response_time":${Math.round(llm.upstreamMs)}` +
    `,"llm_prompt_tokens":${llm.promptTokens}` +
    `,"llm_completion_tokens":${llm.completionTokens}` +
    `,"llm_total_tokens":${llm.totalTokens}` +
    `,"llm_cache_read_input_tokens":${llm.cacheReadTokens}` +
    `,"llm_cache_creation_input_tokens":${llm.cacheCreationTokens}` +
    `,"llm_reasoning_tokens":${llm.reasoningTokens}` +
    `,"llm_usage_source":"${llm.usageSource}"` +
    `,"llm_stream":${llm.stream}` +
    `,"llm_has_tool_calls":${llm.hasToolCalls}` +
    `,"llm_tool_count":${llm.toolCount}` +
    `,"llm_end_user_id":${quote(llm.endUser)}` +
    `,"llm_content_risk_level":${quote(llm.riskLevel)}`
  )
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

/** Texts that come from the configuration, as JSON: there are few of them, and they come again. */
const knownTexts = new Map<string, string>()
const knownTextsMax = 10_000

function known(text: string): string {
  let quoted = knownTexts.get(text)
  if (quoted === undefined) {
    quoted = quote(text)
    if (knownTexts.size >= knownTextsMax) knownTexts.clear()
    knownTexts.set(text, quoted)
  }
  return quoted
}

const plain = /^[\u0020\u0021\u0023-\u005b\u005d-\u007e]*$/
const textLengthMax = 4096

/** As JSON. Most texts need no escaping, which a test finds out faster than JSON.stringify. */
function quote(text: string): string {
  const cut = text.length > textLengthMax ? `${text.slice(0, textLengthMax)}…` : text
  return plain.test(cut) ? `"${cut}"` : JSON.stringify(cut)
}

const usualSecrets = /([?&](?:api[-_]?key|key|jwt|secret|password|signature|(?:access[-_]?)?token)=)[^&#]*/gi

function withoutSecrets(target: string, names: readonly string[] | undefined): string {
  const mark = target.indexOf('?')
  if (mark < 0) return target
  const cut = target.replace(usualSecrets, '$1***')
  if (!names || names.length === 0) return cut
  const parts = cut.slice(mark + 1).split('&')
  const shown = parts.map((part) => {
    const [name = ''] = part.split('=', 1)
    return names.includes(decode(name)) ? `${name}=***` : part
  })
  return `${cut.slice(0, mark)}?${shown.join('&')}`
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
