// Two conversions in a row: so that a protocol needs one converter to openai-chat, not one to every other protocol.
import type { SseEvent } from '../protocols/protocol.ts'
import type { Conversion, StreamConversion } from './conversion.ts'

export function chain(outer: Conversion, inner: Conversion): Conversion {
  return {
    from: outer.from,
    to: inner.to,
    headers: (list) => {
      const middle = outer.headers?.(list) ?? list
      return inner.headers?.(middle) ?? [...middle]
    },
    request(body, facts) {
      const middle = outer.request(body, facts)
      const last = inner.request(middle.body, facts)
      return {
        body: last.body,
        dropped: [...middle.dropped, ...last.dropped],
        reply: {
          answer: (answer) => middle.reply.answer(last.reply.answer(answer)),
          error: (document) => middle.reply.error(last.reply.error(document)),
          stream: () => chainStreams(middle.reply.stream(), last.reply.stream()),
        },
      }
    },
  }
}

function chainStreams(outer: StreamConversion, inner: StreamConversion): StreamConversion {
  const through = (events: readonly SseEvent[]) => events.flatMap((event) => outer.push(event))
  return {
    push: (event) => through(inner.push(event)),
    end: () => [...through(inner.end()), ...outer.end()],
  }
}
