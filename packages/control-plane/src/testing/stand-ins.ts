// Plugins with the contract's schemas, as far as the tests write them, for tests that are about documents and not about
// what plugins do. A plugin that the build has is used itself.
import { defineSchema } from '@weir/contract'
import { definePlugin, type AnyPlugin } from '@weir/plugin-api'
import { plugins } from '@weir/plugins'

const positive = { oneOf: [{ type: 'integer', exclusiveMinimum: 0 }, { type: 'string' }] } as const

const limitCount = definePlugin({
  name: 'limit-count',
  priority: 1002,
  schema: defineSchema({
    type: 'object',
    properties: {
      count: positive,
      time_window: positive,
      rejected_code: { type: 'integer', minimum: 200, maximum: 599, default: 503 },
      key: { type: 'string', default: 'remote_addr' },
      group: { type: 'string' },
      redis_password: { type: 'string' },
    },
    required: ['count', 'time_window'],
  }),
  encryptFields: ['redis_password'],
  create: () => ({}),
})

const cors = definePlugin({
  name: 'cors',
  priority: 4000,
  schema: defineSchema({ type: 'object', properties: { allow_origins: { type: 'string', default: '*' } } }),
  create: () => ({}),
})

const trafficSplit = definePlugin({
  name: 'traffic-split',
  priority: 966,
  schema: defineSchema({ type: 'object', properties: { rules: { type: 'array' } } }),
  create: () => ({}),
})

const keyAuth = definePlugin({
  name: 'key-auth',
  priority: 2500,
  type: 'auth',
  schema: defineSchema({ type: 'object', properties: { header: { type: 'string', default: 'apikey' } } }),
  consumerSchema: defineSchema({
    type: 'object',
    properties: { key: { type: 'string' } },
    required: ['key'],
  }),
  consumerEncryptFields: ['key'],
  uniqueAttribute: 'key',
  create: () => ({}),
})

const basicAuth = definePlugin({
  name: 'basic-auth',
  priority: 2520,
  type: 'auth',
  schema: defineSchema({ type: 'object', properties: {} }),
  consumerSchema: defineSchema({
    type: 'object',
    properties: { username: { type: 'string' }, password: { type: 'string' } },
    required: ['username', 'password'],
  }),
  consumerEncryptFields: ['password'],
  uniqueAttribute: 'username',
  create: () => ({}),
})

const httpLogger = definePlugin({
  name: 'http-logger',
  priority: 410,
  schema: defineSchema({ type: 'object', properties: { uri: { type: 'string' } }, required: ['uri'] }),
  metadataSchema: defineSchema({ type: 'object', properties: { log_format: { type: 'object' } } }),
  create: () => ({}),
})

const names = new Set(plugins.map(({ name }) => name))

/** For those that the build does not have (yet). */
export const standIns: readonly AnyPlugin[] = [
  httpLogger,
  limitCount,
  cors,
  trafficSplit,
  keyAuth,
  basicAuth,
].filter(({ name }) => !names.has(name))
