// Tells browsers which pages may call (contract/common-plugins.md §4.4).
import { defineStateKey, definePlugin } from '@weir/plugin-api'
import { setHeader } from '../header-list/header-list.ts'
import { allowList, allowNamed, allowPatterns } from './origins.ts'
import { type Config, metadataSchema, schema } from './schema.ts'

const allMethods = 'GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS,CONNECT,TRACE'

interface Asked {
  readonly origin: string | undefined
  readonly headers: string | undefined
}
/** As the client sent it: plugins behind may change the request. */
const asked = defineStateKey<Asked>('cors')

export const cors = definePlugin<Config>({
  name: 'cors',
  priority: 4000,
  schema,
  metadataSchema,
  check: complaint,
  create(config, host) {
    const { allow_origins_by_regex: patterns, timing_allow_origins_by_regex: timingPatterns } = config
    const allow = patterns ? allowPatterns(patterns) : allowList(config.allow_origins)
    const timing = timingPatterns
      ? allowPatterns(timingPatterns)
      : config.timing_allow_origins === undefined
        ? undefined
        : allowList(config.timing_allow_origins)
    const methods = config.allow_methods === '**' ? allMethods : config.allow_methods
    /** Beside named lists the default, which is any page, does not count. */
    const isOpen = config.allow_origins === '*'
    const varies = !isOpen || patterns !== undefined || config.allow_origins_by_metadata !== undefined
    let document: unknown
    let named = config.allow_origins_by_metadata && allowNamed(config.allow_origins_by_metadata, undefined)

    function followMetadata(): void {
      const names = config.allow_origins_by_metadata
      const current = names && host.metadata()
      if (!names || current === document) return
      document = current
      const parsed = metadataSchema.parse(current ?? {})
      named = allowNamed(names, parsed.ok ? parsed.value.allow_origins : undefined)
    }

    return {
      rewrite(ctx) {
        ctx.state.set(asked, {
          origin: ctx.request.header('origin'),
          headers: ctx.request.header('access-control-request-headers'),
        })
        return ctx.request.method === 'OPTIONS' ? { status: 200 } : undefined
      },

      headerFilter(ctx, { headers }) {
        followMetadata()
        const { origin, headers: wanted } = ctx.state.get(asked) ?? {}
        if (varies) headers.push('Vary', 'Origin')
        const allowed = named ? (named(origin) ?? (isOpen ? undefined : allow(origin))) : allow(origin)
        if (allowed !== undefined) {
          setHeader(headers, 'Access-Control-Allow-Origin', allowed)
          setHeader(headers, 'Access-Control-Allow-Methods', methods)
          setHeader(headers, 'Access-Control-Max-Age', String(config.max_age))
          if (config.expose_headers)
            setHeader(headers, 'Access-Control-Expose-Headers', config.expose_headers)
          const names = config.allow_headers === '**' ? wanted : config.allow_headers
          if (names !== undefined) setHeader(headers, 'Access-Control-Allow-Headers', names)
          if (config.allow_credential) setHeader(headers, 'Access-Control-Allow-Credentials', 'true')
        }
        const timed = timing?.(origin)
        if (timed !== undefined) setHeader(headers, 'Timing-Allow-Origin', timed)
      },
    }
  },
})

function complaint(config: Config): string | undefined {
  const { allow_origins, allow_headers, allow_methods, expose_headers, timing_allow_origins } = config
  const values = [allow_origins, allow_headers, allow_methods, expose_headers, timing_allow_origins]
  if (config.allow_credential && values.includes('*'))
    return "you can not set '*' for other option when 'allow_credential' is true"
  const patterns = [...(config.allow_origins_by_regex ?? []), ...(config.timing_allow_origins_by_regex ?? [])]
  for (const pattern of patterns) {
    try {
      allowPatterns([pattern])
    } catch {
      return `${pattern} is no regular expression`
    }
  }
  return undefined
}
