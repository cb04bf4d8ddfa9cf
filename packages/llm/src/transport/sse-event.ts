// One server-sent event, read and written (WHATWG HTML §9.2, with the limits of contract/ai-plugins.md §6.6).
import type { SseEvent } from '../protocols/protocol.ts'

const LF = 10
const CR = 13

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

/** Whether an event that was received has any data line, for it may have one and be empty. */
export function hasData({ data, bytes }: SseEvent): boolean {
  return data !== '' || /^data:/im.test(bytes?.toString('latin1') ?? '')
}

/** The place behind the event that begins at `from`: behind the first blank line, or the text's end. */
export function eventEnd(text: string, from: number): number {
  let at = from
  for (;;) {
    while (text.charCodeAt(at) === CR) at++
    if (text.charCodeAt(at) === LF) return at + 1
    at = text.indexOf('\n', at) + 1
    if (at === 0) return text.length
  }
}
