// The headers of an upstream's answer that go on to the client.
import { isHopByHop, namedInConnection } from './hop-by-hop.ts'

/** All but those of the connection, and Server, which is the gateway's own on every answer (routing.md §1, §8). */
export function answerHeaders(list: readonly string[]): string[] {
  const named = namedInConnection(connectionOf(list))
  const kept: string[] = []
  for (let index = 0; index + 1 < list.length; index += 2) {
    const name = list[index] ?? ''
    const key = name.toLowerCase()
    if (key === 'server' || isHopByHop(key) || named?.has(key)) continue
    kept.push(name, list[index + 1] ?? '')
  }
  return kept
}

function connectionOf(list: readonly string[]): string | undefined {
  let value: string | undefined
  for (let index = 0; index + 1 < list.length; index += 2) {
    const name = list[index] ?? ''
    if (name.length !== 'connection'.length || name.toLowerCase() !== 'connection') continue
    value = value === undefined ? list[index + 1] : `${value},${list[index + 1] ?? ''}`
  }
  return value
}
