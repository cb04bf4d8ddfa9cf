// Whether the text of an answer can be known at all.
import { type LlmAnswer, wholeJsonBytesMax } from '@weir/llm'

const blanks = new Set([9, 10, 13, 32])
const brace = 0x7b

/**
 * False for what is no JSON object, such as a stream that does not call itself one. Of a long one only the beginning is
 * looked at.
 */
export function isReadable(answer: LlmAnswer): boolean {
  const { bytes } = answer
  if (bytes.length <= wholeJsonBytesMax) return bytes.length === 0 || answer.json !== undefined
  return bytes.find((byte) => !blanks.has(byte)) === brace
}
