// One server-sent event, read and written (WHATWG HTML §9.2, with the limits of contract/ai-plugins.md §6.6).
import type { SseEvent } from '../protocols/protocol.ts'

/** Reads the bytes of one event with its blank line. Comments and lines without a colon are skipped. */
export function parseSseEvent(bytes: Buffer): SseEvent {
  let type = 'message'
  let data: string | undefined
  let id: string | undefined
  let retry: string | undefined
  for (const line of bytes.toString().split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const from = line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1
    const value = line.endsWith('\r') ? line.slice(from, -1) : line.slice(from)
    switch (line.slice(0, colon).toLowerCase()) {
      case 'data':
        data = data === undefined ? value : `${data}\n${value}`
        break
      case 'event':
        type = value
        break
      case 'id':
        id = value
        break
      case 'retry':
        retry = value
        break
      default:
    }
  }
  return { type, data: data ?? '', id, retry, bytes }
}

export function encodeSseEvent(event: Omit<SseEvent, 'bytes'>): string {
  let text = event.type === 'message' ? '' : `event: ${event.type}\n`
  if (event.id !== undefined) text += `id: ${event.id}\n`
  if (event.retry !== undefined) text += `retry: ${event.retry}\n`
  for (const line of event.data.split('\n')) text += `data: ${line}\n`
  return `${text}\n`
}
