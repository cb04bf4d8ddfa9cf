// Whatever clients and providers send: it is converted, or refused with a reason.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { anthropicToChat } from './anthropic-to-chat/index.ts'
import { chatToAnthropic } from './chat-to-anthropic/index.ts'
import { chatToConverse } from './chat-to-converse/index.ts'
import { chatToResponses } from './chat-to-responses/index.ts'
import { type Conversion, ConversionError } from './conversion.ts'
import { embeddingsToVertex } from './embeddings-to-vertex.ts'
import { responsesToChat } from './responses-to-chat/index.ts'

const conversions: readonly Conversion[] = [
  anthropicToChat,
  chatToAnthropic,
  chatToConverse,
  chatToResponses,
  embeddingsToVertex,
  responsesToChat,
]

/** Names that mean something to one of the protocols, so that the values reach the places where they are read. */
const name = oneWordOf(`
  messages role content type text system tools function name arguments input tool_calls tool_choice thinking source
  data image_url url output message choices delta usage error index id content_block item response toolUse start stop
  finish_reason stop_reason predictions embeddings values output_format schema properties`)
const value = fc.oneof(
  oneWordOf(`
    user assistant tool text tool_use tool_result image function message output_text function_call json_schema stop
    data:image/png;base64,AA`),
  fc.constantFrom('', null, true, 0, -1, 1e300),
)
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    value,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(name, tie('json'), { maxKeys: 5 }),
  ),
}))
const object = fc.dictionary(name, json, { maxKeys: 6 })
const eventType = oneWordOf(`
  message message_start content_block_start content_block_delta message_delta message_stop messageStart
  contentBlockStart contentBlockDelta messageStop metadata exception:x error response.created
  response.output_item.added response.completed response.failed`)
const event = fc
  .tuple(
    eventType,
    fc.oneof(
      object.map((one) => JSON.stringify(one)),
      fc.constantFrom('[DONE]', 'oops', ''),
    ),
  )
  .map(([type, data]) => ({ type, data }))

function oneWordOf(words: string): fc.Arbitrary<string> {
  return fc.constantFrom(...words.trim().split(/\s+/))
}

function refused<T>(convert: () => T): T | undefined {
  try {
    return convert()
  } catch (error) {
    expect(error).toBeInstanceOf(ConversionError)
    return undefined
  }
}

test.each(conversions.map((one) => [`${one.from} to ${one.to}`, one] as const))('%s', (_, conversion) => {
  fc.assert(
    fc.property(object, object, fc.array(event, { maxLength: 6 }), (body, answer, events) => {
      const minimal = { messages: [{ role: 'user', content: 'x' }], input: 'x' }
      for (const request of [body, { ...body, ...minimal }]) {
        const converted = refused(() => conversion.request(request, { model: 'm' }))
        if (!converted) continue
        JSON.stringify(converted.body)
        const { reply } = converted
        JSON.stringify(refused(() => reply.answer(answer)))
        JSON.stringify(reply.error(answer))
        const stream = reply.stream()
        const out = [...events.flatMap((one) => stream.push(one)), ...stream.end()]
        for (const { data } of out) if (data !== '[DONE]') JSON.parse(data)
      }
    }),
    { numRuns: 400 },
  )
})
