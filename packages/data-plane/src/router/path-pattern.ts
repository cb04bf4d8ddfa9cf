// A route's uri as the router sees it: an exact path, or a prefix with perhaps a pattern behind it (routing.md §2.2).

export interface PathPattern {
  readonly kind: 'exact' | 'prefix'
  /** The whole path, or what the path must begin with. */
  readonly text: string
  /** Present when the rest of the path must fit too. */
  readonly rest: readonly Run[] | undefined
}

/**
 * What stands between two wildcards (`*`): texts and parameters in turn. Wildcards are whole segments, so a
 * run begins after and ends before a slash that belongs to it, and has a fixed number of slashes.
 */
interface Run {
  readonly pieces: readonly Piece[]
  /** The name of the wildcard behind this run; undefined behind the last one. */
  readonly wildcard: string | undefined
}

type Piece = { readonly text: string } | { readonly parameter: string }

export type PathParameters = Readonly<Record<string, string>>

/** `parameters`: whether a segment `:name` stands for any one segment (radixtree_uri_with_parameter). */
export function parsePathPattern(uri: string, parameters: boolean): PathPattern {
  const star = uri.indexOf('*')
  const colon = parameters ? uri.indexOf('/:') + 1 : 0
  if (star < 0 && colon === 0) return { kind: 'exact', text: uri, rest: undefined }
  const first = colon > 0 && (star < 0 || colon < star) ? colon : star
  const text = uri.slice(0, first)
  // `/a/b*c` and `/a/*` promise nothing about the rest of the path.
  const open = first === star && (uri[first - 1] !== '/' || first === uri.length - 1)
  return { kind: 'prefix', text, rest: open ? undefined : parseRuns(uri, parameters) }
}

function parseRuns(uri: string, parameters: boolean): Run[] {
  const runs: Run[] = []
  let pieces: Piece[] = []
  let text = ''
  for (const [i, segment] of uri.split('/').entries()) {
    if (i > 0) text += '/'
    const wildcard = segment.startsWith('*')
    if (!wildcard && !(parameters && segment.startsWith(':'))) {
      text += segment
      continue
    }
    if (text !== '') pieces.push({ text })
    text = ''
    if (wildcard) {
      runs.push({ pieces, wildcard: segment.slice(1) })
      pieces = []
    } else {
      pieces.push({ parameter: segment.slice(1) })
    }
  }
  if (text !== '') pieces.push({ text })
  runs.push({ pieces, wildcard: undefined })
  return runs
}

/**
 * The values of parameters and named wildcards when the whole path fits, else undefined. Takes time linear in
 * the path for each run: they are placed from the right, each at the last place that fits, which leaves the most
 * room for the earlier ones and gives the first wildcard the longest text, as a regular expression would.
 */
export function matchRest(runs: readonly Run[], path: string): PathParameters | undefined {
  const values: Record<string, string> = {}
  const take = (name: string, value: string) => {
    if (name !== '') values[name] = value
  }
  const [first, ...others] = runs
  if (!first) return undefined
  const firstEnd = fit(first, path, 0, take)
  if (firstEnd < 0 || (others.length === 0 && firstEnd !== path.length)) return undefined

  let end = path.length
  for (let i = others.length - 1; i >= 0; i -= 1) {
    const run = others[i]!
    const start = lastFit(run, path, firstEnd, end, i === others.length - 1)
    if (start < 0) return undefined
    const runEnd = fit(run, path, start, take)
    if (run.wildcard !== undefined) take(run.wildcard, path.slice(runEnd, end))
    end = start
  }
  if (first.wildcard !== undefined) take(first.wildcard, path.slice(firstEnd, end))
  return values
}

/** The last place from `min` on at which a run fits and ends at `end`, or not behind it; -1 when there is none. */
function lastFit(run: Run, path: string, min: number, end: number, atEnd: boolean): number {
  for (let start = end; start >= min; start -= 1) {
    const fitted = fit(run, path, start)
    if (fitted >= 0 && (atEnd ? fitted === end : fitted <= end)) return start
  }
  return -1
}

/** Where a run that begins at `start` ends; -1 when it does not fit. */
function fit(run: Run, path: string, start: number, take?: (name: string, value: string) => void): number {
  let at = start
  for (const piece of run.pieces) {
    if ('text' in piece) {
      if (!path.startsWith(piece.text, at)) return -1
      at += piece.text.length
      continue
    }
    const slash = path.indexOf('/', at)
    const end = slash < 0 ? path.length : slash
    if (end === at) return -1
    take?.(piece.parameter, path.slice(at, end))
    at = end
  }
  return at
}
