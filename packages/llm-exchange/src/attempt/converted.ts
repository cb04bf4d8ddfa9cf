// Requests and complete answers on their way through a conversion.
import { ConversionError, type ReplyConversion } from '@weir/llm'
import { parseObject } from '../exchange/answer.ts'
import { type Failure, ownFailure, textFailure } from './failure.ts'
import { joined } from './pieces-out.ts'

/** Characters of the list of dropped fields: clients choose their names. */
const listLengthMax = 1024

/** Another instance would not be sent it either. */
export function conversionRefusal(error: unknown): Failure {
  if (!(error instanceof ConversionError)) throw error
  return { ...ownFailure(400, error.message), isFinal: true }
}

/** What is no JSON object passes as it is. */
export function convertAnswer(
  reply: ReplyConversion,
  status: number,
  bytes: Buffer | readonly Buffer[],
): Buffer | readonly Buffer[] | Failure {
  const document = parseObject(Buffer.isBuffer(bytes) ? bytes : joined(bytes))
  if (!document) return bytes
  try {
    return Buffer.from(JSON.stringify(status < 400 ? reply.answer(document) : reply.error(document)))
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error
    return textFailure(500, error.message, [])
  }
}

/** The value of `X-Weir-Dropped-Fields`. */
export function listFields(names: readonly string[]): string {
  const list = [...new Set(names)].toSorted().join(', ')
  return list.replaceAll(/[^\w.,[\] -]/g, '?').slice(0, listLengthMax)
}
