// Which plugins APISIX 3.18 has, by descending priority (contract/routing.md §7). What is large, their schemas, stands in
// a file for each and is read when it is first asked for.

/** Facts about a plugin that cost nothing to have at hand. */
export interface PluginFacts {
  /** Higher runs earlier. */
  readonly priority: number
  readonly version?: number
  /** `auth` plugins know callers, and may stand on consumers. */
  readonly type?: 'auth' | 'validation'
  /** `global`: works for the whole gateway, wherever it stands. */
  readonly scope?: 'global'
  /** The member of a consumer's configuration that nobody else may have (contract/admin-api.md §5.4). */
  readonly uniqueAttribute?: string
  /** Dotted paths in its metadata that are encrypted at rest, where no schema says so. */
  readonly metadataEncryptFields?: readonly string[]
}

const facts: Readonly<Record<string, PluginFacts>> = {
  'real-ip': { priority: 23000 },
  ai: { priority: 22900, scope: 'global' },
  'client-control': { priority: 22000 },
  'proxy-buffering': { priority: 21991 },
  'proxy-control': { priority: 21990 },
  'request-id': { priority: 12015 },
  zipkin: { priority: 12011 },
  'ext-plugin-pre-req': { priority: 12000 },
  'fault-injection': { priority: 11000 },
  mocking: { priority: 10900 },
  'serverless-pre-function': { priority: 10000 },
  cors: { priority: 4000 },
  'ip-restriction': { priority: 3000 },
  'ua-restriction': { priority: 2999 },
  'referer-restriction': { priority: 2990 },
  csrf: { priority: 2980 },
  'uri-blocker': { priority: 2900 },
  'request-validation': { priority: 2800, type: 'validation' },
  'chaitin-waf': { priority: 2700 },
  'multi-auth': { priority: 2600, type: 'auth' },
  'openid-connect': { priority: 2599, version: 0.2 },
  'saml-auth': { priority: 2598 },
  'cas-auth': { priority: 2597 },
  'authz-casbin': { priority: 2560 },
  'authz-casdoor': { priority: 2559 },
  'wolf-rbac': { priority: 2555, type: 'auth' },
  'ldap-auth-advanced': { priority: 2541, type: 'auth', uniqueAttribute: 'user_dn' },
  'ldap-auth': { priority: 2540, type: 'auth', uniqueAttribute: 'user_dn' },
  'hmac-auth': { priority: 2530, type: 'auth', uniqueAttribute: 'key_id' },
  'basic-auth': { priority: 2520, type: 'auth', uniqueAttribute: 'username' },
  'jwt-auth': { priority: 2510, type: 'auth', uniqueAttribute: 'key' },
  'jwe-decrypt': { priority: 2509, type: 'auth' },
  'key-auth': { priority: 2500, type: 'auth', uniqueAttribute: 'key' },
  'dingtalk-auth': { priority: 2430 },
  'feishu-auth': { priority: 2420 },
  acl: { priority: 2410 },
  'consumer-restriction': { priority: 2400 },
  'attach-consumer-label': { priority: 2399 },
  'forward-auth': { priority: 2002 },
  opa: { priority: 2001 },
  'authz-keycloak': { priority: 2000 },
  'data-mask': { priority: 1500 },
  'proxy-cache': { priority: 1085, version: 0.2 },
  'body-transformer': { priority: 1080 },
  'ai-request-rewrite': { priority: 1073 },
  'ai-prompt-guard': { priority: 1072 },
  'ai-prompt-template': { priority: 1071 },
  'ai-prompt-decorator': { priority: 1070 },
  'ai-rag': { priority: 1060 },
  'ai-proxy-multi': { priority: 1041, version: 0.5 },
  'ai-proxy': { priority: 1040, version: 0.5 },
  'ai-cache': { priority: 1035 },
  'ai-aws-content-moderation': { priority: 1031 },
  'ai-rate-limiting': { priority: 1030 },
  'ai-aliyun-content-moderation': { priority: 1029 },
  'ai-lakera-guard': { priority: 1028 },
  'proxy-mirror': { priority: 1010 },
  'graphql-proxy-cache': { priority: 1009 },
  'proxy-rewrite': { priority: 1008 },
  workflow: { priority: 1006 },
  'api-breaker': { priority: 1005 },
  'graphql-limit-count': { priority: 1004 },
  'limit-conn': { priority: 1003 },
  'limit-count': { priority: 1002, version: 0.5 },
  'limit-req': { priority: 1001 },
  gzip: { priority: 995 },
  'traffic-label': { priority: 967 },
  'traffic-split': { priority: 966 },
  redirect: { priority: 900 },
  'response-rewrite': { priority: 899 },
  'oas-validator': { priority: 512 },
  'mcp-bridge': { priority: 510 },
  degraphql: { priority: 509 },
  'kafka-proxy': { priority: 508 },
  'grpc-transcode': { priority: 506 },
  'grpc-web': { priority: 505 },
  'http-dubbo': { priority: 504 },
  'public-api': { priority: 501 },
  prometheus: { priority: 500, version: 0.2 },
  datadog: { priority: 495 },
  lago: { priority: 415 },
  'loki-logger': { priority: 414 },
  'elasticsearch-logger': { priority: 413 },
  echo: { priority: 412 },
  loggly: { priority: 411 },
  'http-logger': { priority: 410 },
  'splunk-hec-logging': { priority: 409 },
  'skywalking-logger': { priority: 408 },
  'google-cloud-logging': { priority: 407 },
  'sls-logger': { priority: 406 },
  'tcp-logger': { priority: 405 },
  'kafka-logger': { priority: 403 },
  'rocketmq-logger': { priority: 402 },
  syslog: { priority: 401 },
  'udp-logger': { priority: 400 },
  'file-logger': { priority: 399 },
  'clickhouse-logger': { priority: 398 },
  'tencent-cloud-cls': { priority: 397 },
  inspect: { priority: 200 },
  'example-plugin': { priority: 0 },
  'aws-lambda': { priority: -1899 },
  'azure-functions': { priority: -1900 },
  openwhisk: { priority: -1901 },
  openfunction: { priority: -1902 },
  'serverless-post-function': { priority: -2000 },
  'ext-plugin-post-req': { priority: -3000 },
  'ext-plugin-post-resp': { priority: -4000 },
}

/**
 * Plugins that APISIX has and enables only where `plugins` of config.yaml names them (contract/etcd.md §9). Their
 * schemas are not known here.
 */
const offByDefault: Readonly<Record<string, PluginFacts>> = {
  'exit-transformer': { priority: 22_950 },
  skywalking: { priority: 12_010 },
  opentelemetry: { priority: 12_009 },
  'batch-requests': { priority: 4010, scope: 'global' },
  'error-log-logger': {
    priority: 1091,
    scope: 'global',
    metadataEncryptFields: ['clickhouse.password', 'kafka.brokers.sasl_config.password'],
  },
  'node-status': { priority: 1000, scope: 'global' },
  brotli: { priority: 996 },
  'server-info': { priority: 990, scope: 'global' },
  'dubbo-proxy': { priority: 507 },
  'error-page': { priority: 450 },
  'log-rotate': { priority: 100 },
  gm: { priority: -43 },
  'ocsp-stapling': { priority: -44 },
}

/** Of stream routes. Weir proxies no streams; a control plane shows their plugins all the same. */
const streamPriorities: Readonly<Record<string, number>> = {
  'ip-restriction': 3000,
  'limit-conn': 1003,
  'mqtt-proxy': 1000,
  'traffic-split': 966,
  syslog: 401,
}

/** The plugins that APISIX enables unless configured otherwise. */
export const defaultPluginNames: readonly string[] = Object.keys(facts)

/** Those that APISIX enables on stream routes unless configured otherwise, by descending priority. */
export const defaultStreamPluginNames: readonly string[] = Object.keys(streamPriorities)

export function streamPluginPriority(name: string): number | undefined {
  return Object.hasOwn(streamPriorities, name) ? streamPriorities[name] : undefined
}

/** The facts about a plugin of APISIX, be it one that is off by default; undefined for all others. */
export function pluginFacts(name: string): PluginFacts | undefined {
  if (Object.hasOwn(facts, name)) return facts[name]
  return Object.hasOwn(offByDefault, name) ? offByDefault[name] : undefined
}

/** Whether APISIX has the plugin and leaves it off unless config.yaml names it. */
export function isOffByDefault(name: string): boolean {
  return Object.hasOwn(offByDefault, name)
}
