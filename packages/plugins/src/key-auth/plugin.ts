// Knows callers by a key in a header or in the query (common-plugins.md §1.1).
import {
  type Consumer,
  consumedArguments,
  consumedHeaders,
  definePlugin,
  hiddenArguments,
  type Reply,
  type RequestContext,
  secretArguments,
} from '@weir/plugin-api'
import { setConsumerHeaders } from './consumer-headers.ts'
import { type Config, consumerSchema, schema } from './schema.ts'

export const keyAuth = definePlugin<Config>({
  name: 'key-auth',
  priority: 2500,
  type: 'auth',
  schema,
  consumerSchema,
  consumerEncryptFields: ['key'],
  uniqueAttribute: 'key',
  create(config, host) {
    const headerName = config.header.toLowerCase()
    const challenge = { 'WWW-Authenticate': `apikey realm="${config.realm}"` }
    const missing = refusal('Missing API key in request')
    const invalid = refusal('Invalid API key in request')
    const nobody = refusal('Invalid user authorization')
    const headerNames = [headerName]
    const argumentNames = [config.query]

    function refusal(message: string): Reply {
      return { status: 401, headers: challenge, body: { message } }
    }

    /** What was not known may be somebody's who needs no key. */
    function otherwise(ctx: RequestContext, reply: Reply): Consumer | Reply {
      if (config.anonymous_consumer === undefined) return reply
      const consumer = host.consumers.byUsername(config.anonymous_consumer)
      if (!consumer) return nobody
      if (config.hide_credentials) {
        // Either place may hold what was meant to be a key.
        hide(ctx, true)
        hide(ctx, false)
      }
      setConsumerHeaders(ctx.request, consumer)
      return consumer
    }

    /** The key has served; who forwards the request to another party's API leaves it out. */
    function keepFromOthers(ctx: RequestContext, fromHeader: boolean): void {
      if (host.settings.forwardClientCredentials) return
      if (fromHeader) ctx.state.set(consumedHeaders, headerNames)
      else ctx.state.set(consumedArguments, argumentNames)
    }

    function hide(ctx: RequestContext, fromHeader: boolean): void {
      if (fromHeader) ctx.request.headers[headerName] = undefined
      else ctx.state.set(hiddenArguments, argumentNames)
    }

    return {
      authenticate(ctx) {
        const inHeader = ctx.request.header(headerName)
        const fromHeader = inHeader !== undefined
        const key = inHeader ?? ctx.request.queryArgument(config.query)
        if (key === undefined) return otherwise(ctx, missing)
        if (!fromHeader) ctx.state.set(secretArguments, argumentNames)
        const identity = host.consumers.byAttribute('key-auth', key)
        if (!identity) return otherwise(ctx, invalid)
        if (config.hide_credentials) hide(ctx, fromHeader)
        keepFromOthers(ctx, fromHeader)
        setConsumerHeaders(ctx.request, identity.consumer)
        return identity.consumer
      },
    }
  },
})
