// Queries as logs and traces may show them.

const usualSecrets = /([?&](?:api[-_]?key|key|jwt|secret|password|signature|(?:access[-_]?)?token)=)[^&#]*/gi

/** A request target or path with query, in which the values of arguments that hold credentials are cut out. */
export function withoutSecrets(target: string, names: readonly string[] | undefined): string {
  const mark = target.indexOf('?')
  if (mark < 0) return target
  const cut = target.replace(usualSecrets, '$1***')
  if (!names || names.length === 0) return cut
  const parts = cut.slice(mark + 1).split('&')
  const shown = parts.map((part) => {
    const [name = ''] = part.split('=', 1)
    return names.includes(decode(name)) ? `${name}=***` : part
  })
  return `${cut.slice(0, mark)}?${shown.join('&')}`
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
