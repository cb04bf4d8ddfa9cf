// Writes a line of JSON to a file for each request (contract/common-plugins.md §7).
import { definePlugin, type RequestContext, type Stage } from '@weir/plugin-api'
import { toldVariable } from '../told-values/told-variable.ts'
import { bodyText, collector, seen, text } from './bodies.ts'
import { type Bodies, toEntry } from './entry.ts'
import { anyHolds, compileAll, complaintAbout } from './expressions.ts'
import { llmMembers } from './llm-members.ts'
import { type LogFile, openLogFile } from './log-files.ts'
import { compileFormat, type Format } from './log-format.ts'
import { type Config, type Metadata, metadataSchema, schema } from './schema.ts'

/** Bytes of a request's body that is read for the log alone; a longer one is refused. */
const readBytesMax = 64 * 1024 * 1024

export const fileLogger = definePlugin<Config>({
  name: 'file-logger',
  priority: 399,
  schema,
  metadataSchema,
  check(config) {
    const { match, include_req_body_expr: request, include_resp_body_expr: response } = config
    return (
      complaintAbout('match', match ?? []) ??
      complaintAbout('include_req_body_expr', request ? [request] : []) ??
      complaintAbout('include_resp_body_expr', response ? [response] : [])
    )
  },
  create(config, host) {
    const match = compileAll(config.match ?? [])
    const requestRule = compileAll(config.include_req_body_expr ? [config.include_req_body_expr] : [])
    const responseRule = compileAll(config.include_resp_body_expr ? [config.include_resp_body_expr] : [])
    let document: unknown
    let place = placeOf(config, {})
    let file: LogFile | undefined

    function followMetadata(): void {
      const current = host.metadata()
      if (current === document) return
      document = current
      const parsed = metadataSchema.parse(current ?? {})
      const next = placeOf(config, parsed.ok ? parsed.value : {})
      if (next.path !== place.path) {
        file?.close()
        file = undefined
      }
      place = next
    }

    function openFile(): LogFile | undefined {
      if (!file && place.path !== undefined) file = openLogFile(place.path, host)
      return file
    }

    function logs(ctx: RequestContext): boolean {
      return match.length === 0 || anyHolds(match, ctx)
    }

    function wantsRequestBody(ctx: RequestContext): boolean {
      return config.include_req_body && (requestRule.length === 0 || anyHolds(requestRule, ctx))
    }

    /** Rules may ask for what only the response tells. */
    function wantsResponseBody(ctx: RequestContext): boolean {
      return config.include_resp_body && (responseRule.length === 0 || anyHolds(responseRule, ctx))
    }

    followMetadata()
    if (place.path === undefined)
      host.log.error('property "path" is not set in either the plugin conf or the metadata', {
        plugin: 'file-logger',
      })

    return {
      ...(config.include_req_body && { access: readBody }),

      headerFilter(ctx, response) {
        ctx.state.set(seen, { response, chunks: [], bytes: 0 })
      },

      ...(config.include_resp_body && { tap }),

      log(ctx, summary) {
        followMetadata()
        const output = openFile()
        if (!output || !logs(ctx)) return
        const response = ctx.state.get(seen)
        const bodies: Bodies = {
          request: wantsRequestBody(ctx) ? text(ctx.request.body, config.max_req_body_bytes) : undefined,
          response:
            response && wantsResponseBody(ctx) ? bodyText(response, config.max_resp_body_bytes) : undefined,
        }
        const lookup = (name: string): unknown => {
          if (name === 'request_body') return text(ctx.request.body, config.max_req_body_bytes)
          return name === 'resp_body' ? bodies.response : toldVariable(ctx, name)
        }
        const entry = place.format
          ? { ...place.format(lookup), route_id: ctx.route.id || undefined, service_id: ctx.route.serviceId }
          : withExtra(toEntry(ctx, summary, response?.response, bodies), place.extra?.(lookup))
        const llm = ctx.llm && llmMembers(ctx.llm)
        output.write(`${JSON.stringify(Object.assign(entry, llm))}\n`)
      },

      dispose: () => file?.close(),
    }

    function tap(ctx: RequestContext): Stage | undefined {
      const response = ctx.state.get(seen)
      return response && wantsResponseBody(ctx) ? collector(response, config.max_resp_body_bytes) : undefined
    }

    async function readBody(ctx: RequestContext): Promise<undefined> {
      if (wantsRequestBody(ctx) && !ctx.llm) await ctx.request.readBody(readBytesMax)
      return undefined
    }
  },
})

/** The members of the default entry stay as they are. */
function withExtra(
  entry: Record<string, unknown>,
  extra: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  for (const [name, value] of Object.entries(extra)) entry[name] ??= value
  return entry
}

interface Place {
  readonly path: string | undefined
  readonly format: Format | undefined
  readonly extra: Format | undefined
}

/** The configuration's own word wins over the metadata's. */
function placeOf(config: Config, metadata: Metadata): Place {
  const format = config.log_format ?? (isEmpty(metadata.log_format) ? undefined : metadata.log_format)
  const extra = config.log_format_extra ?? metadata.log_format_extra
  return {
    path: config.path ?? metadata.path,
    format: format && compileFormat(format),
    extra: extra && compileFormat(extra),
  }
}

function isEmpty(format: object = {}): boolean {
  return Object.keys(format).length === 0
}
