// The text that routes are matched with (routing.md §2.1), made as nginx makes $uri.

export interface PathOptions {
  readonly delete_uri_tail_slash: boolean
  readonly normalize_uri_like_servlet: boolean
  readonly match_uri_encoded_slash: boolean
}

export interface NormalizedPath {
  /** Percent-decoded, slashes merged, dot segments resolved. */
  readonly path: string
  /** The text for matching; differs from `path` only where an encoded slash is kept. */
  readonly matched: string
}

/** The path of a request target, without its query; undefined when it is not acceptable (400). */
export function normalizePath(rawPath: string, options: PathOptions): NormalizedPath | undefined {
  let path = isNormal(rawPath) ? rawPath : resolve(rawPath, '/')
  if (path === undefined) return undefined
  let matched = path
  if (options.match_uri_encoded_slash && /%2f/i.test(rawPath)) {
    // Kept out of sight as a character that no decoded path contains, while dots and slashes are resolved.
    matched = resolve(rawPath, hiddenSlash)?.replaceAll(hiddenSlash, '%2F') ?? path
  }
  if (options.delete_uri_tail_slash && path.length > 1 && path.endsWith('/')) {
    path = path.slice(0, -1)
    if (matched.endsWith('/')) matched = matched.slice(0, -1)
  }
  if (!options.normalize_uri_like_servlet || !path.includes(';')) return { path, matched }
  const bare = withoutParameters(path)
  return bare === undefined ? undefined : { path: bare, matched: bare }
}

const hiddenSlash = '\u0000'

const percent = 0x25
const dot = 0x2e
const slash = 0x2f
const hash = 0x23
const asciiMax = 0x7f

/** Whether nothing needs to be done, as with nearly every request. */
function isNormal(path: string): boolean {
  if (path.charCodeAt(0) !== slash) return false
  for (let i = 0; i < path.length; i += 1) {
    const code = path.charCodeAt(i)
    if (code === percent || code === hash || code > asciiMax) return false
    if (code === slash) {
      const next = path.charCodeAt(i + 1)
      if (next === slash || next === dot) return false
    }
  }
  return true
}

function resolve(rawPath: string, encodedSlash: string): string | undefined {
  const fragment = rawPath.indexOf('#')
  const decoded = decode(fragment < 0 ? rawPath : rawPath.slice(0, fragment), encodedSlash)
  if (decoded === undefined || !decoded.startsWith('/')) return undefined
  const segments: string[] = []
  const parts = decoded.split('/')
  for (const part of parts) {
    if (part === '..') {
      if (segments.pop() === undefined) return undefined
    } else if (part !== '' && part !== '.') segments.push(part)
  }
  const last = parts.at(-1)
  const tail = segments.length > 0 && (last === '' || last === '.' || last === '..') ? '/' : ''
  return `/${segments.join('/')}${tail}`
}

/** Percent-decodes bytes and reads them as UTF-8; undefined for a bad escape or a zero byte. */
function decode(text: string, encodedSlash: string): string | undefined {
  if (/%(?![0-9a-f]{2})|%00/i.test(text)) return undefined
  // node:http gives the target's bytes as latin1 characters.
  const bytes = text.replaceAll(/%([0-9a-f]{2})/gi, (_all, hex: string) => {
    const code = Number.parseInt(hex, 16)
    return code === slash ? encodedSlash : String.fromCharCode(code)
  })
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** `;params` cut from each segment; undefined where that would leave a dot segment or an empty one. */
function withoutParameters(path: string): string | undefined {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    const cut = segment.indexOf(';')
    const bare = cut < 0 ? segment : segment.slice(0, cut)
    if (cut >= 0 && (bare === '' || bare === '.' || bare === '..')) return undefined
    segments.push(bare)
  }
  return segments.join('/')
}
