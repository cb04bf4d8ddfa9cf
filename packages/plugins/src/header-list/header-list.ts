// Name, value, name, value ...: a response's headers, which plugins change.

export function setHeader(headers: string[], name: string, value: string): void {
  removeHeader(headers, name)
  headers.push(name, value)
}

/** All of this name, by any spelling. */
export function removeHeader(headers: string[], name: string): void {
  const field = name.toLowerCase()
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    if (headers[at]?.toLowerCase() === field) headers.splice(at, 2)
  }
}

export function headerOf(headers: readonly string[], name: string): string | undefined {
  const field = name.toLowerCase()
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === field) return headers[at + 1]
  }
  return undefined
}
