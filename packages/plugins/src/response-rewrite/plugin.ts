// Changes responses: status, headers, body (contract/common-plugins.md §4.2).
import { compileExpr, isJsonObject, isReference } from '@weir/contract'
import {
  definePlugin,
  defineStateKey,
  type GatewayResponse,
  isByteStream,
  type Stage,
} from '@weir/plugin-api'
import { headerOf, removeHeader } from '../header-list/header-list.ts'
import { unpack } from '../body-encoding/unpack.ts'
import { type BodyFilter, compileFilters } from './body-filters.ts'
import { compileHeaderEdits, complaintAboutHeaders } from './header-edits.ts'
import { type Config, schema } from './schema.ts'

/** They speak of the body as it was. */
const bodyHeaders = ['Content-Length', 'Content-Encoding', 'ETag', 'Last-Modified', 'Content-MD5']

/** The encoding of a stream whose body is to be filtered; empty for none. */
const filtered = defineStateKey<string>('response-rewrite')

export const responseRewrite = definePlugin<Config>({
  name: 'response-rewrite',
  priority: 899,
  schema,
  check: complaint,
  create(config) {
    const { status_code: status, max_resp_body_size: bytesMax } = config
    const rule = config.vars && compileExpr(config.vars)
    const edit = isJsonObject(config.headers) ? compileHeaderEdits(config.headers) : undefined
    const filter = config.filters && compileFilters(config.filters)
    const body = config.body === undefined ? undefined : bodyOf(config.body, config.body_base64)
    return {
      headerFilter(ctx, response) {
        if (rule?.ok && !rule.evaluate((name) => ctx.variable(name))) return
        if (status !== undefined) response.status = status
        if (body) replaceBody(response, body)
        else if (filter) {
          const encoding = headerOf(response.headers, 'content-encoding') ?? ''
          if (isByteStream(response.body)) ctx.state.set(filtered, encoding)
          filterBody(response, filter, encoding, bytesMax)
        }
        edit?.(response.headers, ctx)
      },

      ...(filter && {
        stage(ctx) {
          const encoding = ctx.state.get(filtered)
          return encoding === undefined ? undefined : filterStage(filter, encoding, bytesMax)
        },
      }),
    }
  },
})

function bodyOf(text: string, isBase64: boolean): Buffer {
  return Buffer.from(text, isBase64 ? 'base64' : 'utf8')
}

function replaceBody(response: GatewayResponse, body: Buffer): void {
  if (isByteStream(response.body)) response.body.abort(new Error('another body takes its place'))
  dropBodyHeaders(response)
  response.body = body
}

function filterBody(response: GatewayResponse, filter: BodyFilter, encoding: string, bytesMax: number): void {
  const { body } = response
  if (body === undefined) return
  if (isByteStream(body)) {
    dropBodyHeaders(response)
    // Long answers of LLMs pass stages only if they do not count as checked already.
    response.answer = undefined
    return
  }
  const text = unpack(typeof body === 'string' ? Buffer.from(body) : body, encoding, bytesMax)
  if (!text) return
  dropBodyHeaders(response)
  response.body = Buffer.from(filter(text.toString()))
}

/** A match may stand anywhere, so the whole body is held until its end; what is too much is cut, as in APISIX. */
function filterStage(filter: BodyFilter, encoding: string, bytesMax: number): Stage {
  const chunks: Buffer[] = []
  let bytes = 0
  return {
    onChunk(chunk) {
      if (bytes < bytesMax) chunks.push(chunk.subarray(0, bytesMax - bytes))
      bytes += chunk.length
    },
    onEnd(out) {
      const body = Buffer.concat(chunks)
      const text = unpack(body, encoding, bytesMax)
      out.push(text ? filter(text.toString()) : body)
    },
  }
}

function dropBodyHeaders({ headers }: GatewayResponse): void {
  for (const name of bodyHeaders) removeHeader(headers, name)
}

/** As nginx reads it: what follows the padding, and whether there is any, does not count. */
function isBase64Text(text = ''): boolean {
  const [digits = ''] = text.split('=', 1)
  return /^[\d+/A-Za-z]+$/.test(digits) && digits.length % 4 !== 1
}

function complaint(config: Config): string | undefined {
  const { body, body_base64: isBase64, filters = [], headers, vars } = config
  const headersComplaint = isJsonObject(headers) ? complaintAboutHeaders(headers) : undefined
  if (headersComplaint !== undefined) return headersComplaint
  if (isBase64 && !isReference(body) && !isBase64Text(body)) return 'invalid base64 content'
  for (const filter of filters) {
    try {
      compileFilters([filter])
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'invalid'
      return `regex "${filter.regex}" validation failed: ${reason}`
    }
  }
  const rule = vars && compileExpr(vars)
  return rule && !rule.ok ? `failed to validate the 'vars' expression: ${rule.error}` : undefined
}
