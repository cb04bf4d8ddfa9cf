// Times and sizes as nginx writes them.

const secondsPer: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
}
const bytesPer: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** Seconds of `60`, `60s`, `500ms`, `1h 30m`; undefined when it is no time. */
export function parseSeconds(time: string | number): number | undefined {
  if (typeof time === 'number') return time >= 0 ? time : undefined
  const text = time.trim().toLowerCase()
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text)
  if (!/^(?:\d+(?:ms|[smhdw])\s*)+$/.test(text)) return undefined
  let seconds = 0
  for (const [, amount, unit = ''] of text.matchAll(/(\d+)(ms|[smhdw])/g)) {
    seconds += Number(amount) * (secondsPer[unit] ?? 0)
  }
  return seconds
}

/** Bytes of `1024`, `64k`, `10m`, `1g`; undefined when it is no size. */
export function parseBytes(size: string | number): number | undefined {
  const match = /^(\d+)([kmg]?)$/.exec(String(size).trim().toLowerCase())
  if (match === null) return undefined
  return Number(match[1]) * (bytesPer[match[2] ?? ''] ?? 1)
}
