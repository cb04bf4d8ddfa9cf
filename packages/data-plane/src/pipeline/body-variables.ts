// The variables that are read from the request's body: `post_arg_NAME` of forms, `post_arg.PATH` of JSON and forms
// (routing.md §5). A rule that names one makes the body be read; whoever looks later finds what was read.
import { knownJsonBody, memberOf, readJsonBody } from '@weir/plugin-api'
import type { Context } from './context.ts'
import { type BodyPath, findAll, memberNamed, parseBodyPath } from './body-json-path.ts'

const formPrefix = 'post_arg_'
const pathPrefix = 'post_arg.'

export function isBodyVariable(name: string): boolean {
  return name.startsWith(formPrefix) || name.startsWith(pathPrefix)
}

/** Reads what these variables are read from, once. Of a body larger than `bytesMax` they are absent. */
export async function prepareBody(ctx: Context, bytesMax: number): Promise<void> {
  ctx.bodyVariables = 'read'
  const kind = kindOf(ctx)
  if (kind === 'json') await readJsonBody(ctx, bytesMax)
  else if (kind === 'form') await ctx.request.readBody(bytesMax)
}

export function readBodyVariable(ctx: Context, name: string): unknown {
  const kind = kindOf(ctx)
  if (kind === undefined) return undefined
  if (kind === 'json')
    return name.startsWith(pathPrefix) ? readJson(ctx, name.slice(pathPrefix.length)) : undefined
  const form = formOf(ctx)
  if (!form) return undefined
  if (name.startsWith(formPrefix)) return form.get(name.slice(formPrefix.length)) ?? undefined
  const values = form.getAll(name.slice(pathPrefix.length))
  return values.length > 1 ? values : values[0]
}

function kindOf({ request }: Context): 'json' | 'form' | undefined {
  const type = request.header('content-type')
  if (type === undefined) return undefined
  if (type.includes('application/json')) return 'json'
  return type.includes('application/x-www-form-urlencoded') ? 'form' : undefined
}

/** By the bodies that they are: the rules of a thousand routes may ask for the fields of one. */
const forms = new WeakMap<Buffer, URLSearchParams>()

function formOf(ctx: Context): URLSearchParams | undefined {
  const { body } = ctx.request
  if (!body) {
    want(ctx)
    return undefined
  }
  let form = forms.get(body)
  if (form === undefined) forms.set(body, (form = new URLSearchParams(body.toString())))
  return form
}

function readJson(ctx: Context, path: string): unknown {
  const body = knownJsonBody(ctx)
  if (!body) {
    want(ctx)
    return undefined
  }
  try {
    const { names, search } = pathOf(path)
    if (names) return shown(names.slice(1).reduce(memberNamed, memberOf(body, names[0] ?? '')))
    if (!search) return undefined
    const [head] = search
    const found =
      body.kind === 'long' && head?.kind === 'name' && !head.deep
        ? findAll(memberOf(body, head.name), search.slice(1))
        : findAll(body.value, search)
    return found.length === 0 ? undefined : found.map(shown)
  } catch {
    // A member too long to be read at once is none that a rule could be about.
    return undefined
  }
}

/** Where a path leads: from name to name, or to all that a search finds; nowhere when it cannot be read. */
interface Path {
  readonly names?: readonly string[]
  readonly search?: BodyPath | undefined
}

/** Paths that are kept; they come from the configuration, which has few. */
const pathsMax = 1000
const paths = new Map<string, Path>()

function pathOf(text: string): Path {
  const known = paths.get(text)
  if (known) return known
  if (paths.size >= pathsMax) paths.clear()
  const path = /[[*]|\.\./.test(text) ? { search: parseBodyPath(text) } : { names: text.split('.') }
  paths.set(text, path)
  return path
}

/** What stands for a long text in a body that was only scanned tells nothing. */
function shown(value: unknown): unknown {
  return typeof value === 'symbol' || value === null ? undefined : value
}

function want(ctx: Context): void {
  if (ctx.bodyVariables === 'unread') ctx.bodyVariables = 'wanted'
}
