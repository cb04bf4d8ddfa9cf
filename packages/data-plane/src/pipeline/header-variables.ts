// Variables that are headers, or parts of them (routing.md §5).
import type { Context } from './context.ts'

/** `_` stands for `-`, and for itself in headers that are spelled so (nginx, with underscores_in_headers on). */
export function requestHeader({ request }: Context, name: string): string | undefined {
  if (!name.includes('_')) return request.header(name)
  return request.header(name.replaceAll('_', '-')) ?? request.header(name)
}

/** A header of the response as it is now: plugins further on may still change it. */
export function sentHeader({ response, responseHeaders }: Context, name: string): string | undefined {
  const field = name.replaceAll('_', '-').toLowerCase()
  return sentAs(responseHeaders, field) ?? (response && sentAs(response.headers, field))
}

/** A header of a plain upstream's answer, as it came. */
export function answerHeader({ upstream: { answer } }: Context, name: string): string | undefined {
  const value = answer?.fields[name.replaceAll('_', '-').toLowerCase()]
  return Array.isArray(value) ? value.join(', ') : value
}

/** Of name, value, name, value ...; all of this lower-case name, joined. */
export function sentAs(list: readonly string[], field: string): string | undefined {
  let text: string | undefined
  for (let at = 0; at + 1 < list.length; at += 2) {
    if (list[at]?.toLowerCase() === field)
      text = text === undefined ? list[at + 1] : `${text}, ${list[at + 1]}`
  }
  return text
}

/** The name that the client gives with Basic authentication. */
export function remoteUser({ request }: Context): string | undefined {
  const [, encoded = ''] = /^basic +(\S+)/i.exec(request.header('authorization') ?? '') ?? []
  const [user] = Buffer.from(encoded, 'base64').toString().split(':', 1)
  return user || undefined
}

export function cookie(ctx: Context, name: string): string | undefined {
  for (const pair of ctx.request.header('cookie')?.split(';') ?? []) {
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
  }
  return undefined
}
