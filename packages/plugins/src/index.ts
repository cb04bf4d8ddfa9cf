// The list of plugins: one line per folder. Schemas, encryption lists and docs tables are computed from it.
import type { AnyPlugin } from '@weir/plugin-api'
import { aiAliyunContentModeration } from './ai-aliyun-content-moderation/plugin.ts'
import { aiAwsContentModeration } from './ai-aws-content-moderation/plugin.ts'
import { aiCache } from './ai-cache/plugin.ts'
import { aiConsumerRateLimiting } from './ai-consumer-rate-limiting/plugin.ts'
import { aiLakeraGuard } from './ai-lakera-guard/plugin.ts'
import { aiPromptDecorator } from './ai-prompt-decorator/plugin.ts'
import { aiPromptGuard } from './ai-prompt-guard/plugin.ts'
import { aiPromptTemplate } from './ai-prompt-template/plugin.ts'
import { aiProxyMulti } from './ai-proxy-multi/plugin.ts'
import { aiProxy } from './ai-proxy/plugin.ts'
import { aiRag } from './ai-rag/plugin.ts'
import { aiRateLimiting } from './ai-rate-limiting/plugin.ts'
import { aiRequestRewrite } from './ai-request-rewrite/plugin.ts'
import { consumerRestriction } from './consumer-restriction/plugin.ts'
import { cors } from './cors/plugin.ts'
import { fileLogger } from './file-logger/plugin.ts'
import { keyAuth } from './key-auth/plugin.ts'
import { limitConn } from './limit-conn/plugin.ts'
import { limitCount } from './limit-count/plugin.ts'
import { limitReq } from './limit-req/plugin.ts'
import { mcpBridge } from './mcp-bridge/plugin.ts'
import { opentelemetry } from './opentelemetry/plugin.ts'
import { prometheus } from './prometheus/plugin.ts'
import { requestIdPlugin } from './request-id/plugin.ts'
import { responseRewrite } from './response-rewrite/plugin.ts'

export const plugins: readonly AnyPlugin[] = [
  aiAliyunContentModeration,
  aiAwsContentModeration,
  aiCache,
  aiConsumerRateLimiting,
  aiLakeraGuard,
  aiPromptDecorator,
  aiPromptGuard,
  aiPromptTemplate,
  aiProxyMulti,
  aiProxy,
  aiRag,
  aiRateLimiting,
  aiRequestRewrite,
  consumerRestriction,
  cors,
  fileLogger,
  keyAuth,
  limitConn,
  limitCount,
  limitReq,
  mcpBridge,
  opentelemetry,
  prometheus,
  requestIdPlugin,
  responseRewrite,
]
