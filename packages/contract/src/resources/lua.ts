// Lua in documents. Weir cannot run it, so it is refused rather than silently never run.

/** The complaint about a `script` (contract/admin-api.md §5.1). */
export function refuseScript(script: unknown): string | undefined {
  if (typeof script !== 'string') return undefined
  return `failed to load 'script' string: ${unfinished(script) ?? notSupported}`
}

/** The complaint about a `filter_func`. */
export function refuseFilterFunc(source: unknown): string | undefined {
  return typeof source === 'string' ? `failed to load 'filter_func' string: ${notSupported}` : undefined
}

const notSupported = 'Weir does not run Lua'

/** An assignment without a right side is the one mistake in Lua that we recognise, and word as Lua does. */
function unfinished(script: string): string | undefined {
  if (!/=\s*$/.test(script)) return undefined
  const lines = script.split('\n')
  const [first = ''] = lines
  const chunk = lines.length > 1 ? `${first}...` : first
  return `[string "${chunk}"]:${lines.length}: unexpected symbol near '<eof>'`
}
