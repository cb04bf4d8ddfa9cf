// What APISIX checks of configurations beyond their schemas, by plugin (contract/common-plugins.md, ai-plugins.md).
// What Lua alone can judge is left out, and so is what depends on other documents.
import type { ComplaintWording, ConfigCheck } from './check.ts'
import { checkBodyExpressions, checkFaultVars, checkFileMatch, checkSplitVars } from './expressions.ts'
import { checkJwtConsumer } from './jwt-auth.ts'
import { checkLimitCount, wordLimitCount } from './limit-count.ts'
import { checkMultiAuth } from './multi-auth.ts'
import { checkBlockRules, checkPromptPatterns, checkUserAgentRules } from './patterns.ts'
import { checkProxyRewrite, checkRedirect, checkResponseRewrite } from './rewriting.ts'
import { checkAddresses, checkCors } from './security.ts'
import { checkRequestRewrite } from './request-rewrite.ts'
import { checkWorkflow } from './workflow.ts'

const loggers = [
  'clickhouse-logger',
  'elasticsearch-logger',
  'google-cloud-logging',
  'http-logger',
  'kafka-logger',
  'loggly',
  'loki-logger',
  'rocketmq-logger',
  'skywalking-logger',
  'sls-logger',
  'splunk-hec-logging',
  'syslog',
  'tcp-logger',
  'tencent-cloud-cls',
  'udp-logger',
]

export const configChecks: Readonly<Record<string, ConfigCheck>> = {
  ...Object.fromEntries(loggers.map((name) => [name, checkBodyExpressions])),
  'ai-prompt-guard': checkPromptPatterns,
  'ai-request-rewrite': checkRequestRewrite,
  cors: checkCors,
  'fault-injection': checkFaultVars,
  'file-logger': checkFileMatch,
  'graphql-limit-count': checkLimitCount,
  'ip-restriction': checkAddresses,
  'limit-count': checkLimitCount,
  'multi-auth': checkMultiAuth,
  'proxy-rewrite': checkProxyRewrite,
  redirect: checkRedirect,
  'response-rewrite': checkResponseRewrite,
  'traffic-split': checkSplitVars,
  'ua-restriction': checkUserAgentRules,
  'uri-blocker': checkBlockRules,
  workflow: checkWorkflow,
}

/** For those whose authors replaced a complaint of the schema by a plainer one. */
export const wordings: Readonly<Record<string, ComplaintWording>> = {
  'graphql-limit-count': wordLimitCount,
  'limit-count': wordLimitCount,
}

export const consumerChecks: Readonly<Record<string, ConfigCheck>> = { 'jwt-auth': checkJwtConsumer }
