// The system prompt as one text.
import { isJsonObject } from '@weir/contract'
import type { DroppedFields } from '../dropped-fields.ts'

/** Claude Code's first block: it holds a checksum that differs in every request and would defeat prompt caches. */
const billingHeader = /^x-anthropic-billing-header:/i
const checksums = / ?cch=[^;]*;?/g

export function systemText(system: unknown, dropped: DroppedFields): string {
  if (typeof system === 'string') return system
  if (!Array.isArray(system)) return ''
  let text = ''
  for (const block of system as unknown[]) {
    if (!isJsonObject(block) || block['type'] !== 'text' || typeof block['text'] !== 'string') continue
    if (isJsonObject(block['cache_control'])) dropped.add('cache_control')
    text += withoutChecksum(block['text'])
  }
  return text
}

/** Empty when nothing but the header's name is left. */
function withoutChecksum(text: string): string {
  if (!billingHeader.test(text)) return text
  const rest = text.replace(billingHeader, '').replaceAll(checksums, '')
  const told = withoutSeparators(rest)
  return told === '' ? '' : `x-anthropic-billing-header:${told}`
}

/** At both ends. A regular expression would look for the last ones from every place in the text. */
function withoutSeparators(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && '; '.includes(text.charAt(start))) start++
  while (end > start && '; '.includes(text.charAt(end - 1))) end--
  return text.slice(start, end)
}
