// The model server of the bench: a process of its own, on raw sockets, so that it costs little beside the gateway.
// Paths: /burst/N N events as fast as they can be written, each by itself; /paced/N/MS N events, one every MS milliseconds
// (N 0: for ever); anything else, as /chat, a 1 KB answer. All events differ: equal ones are interned by a parser and flatter it.
import { createServer, type Socket } from 'node:net'
import { type Request, RequestReader } from './request-reader.ts'

const poolSize = 4096
const usage = '{"prompt_tokens":250,"completion_tokens":200,"total_tokens":450}'

const events = Array.from({ length: poolSize }, (_, i) =>
  frame(
    `data: {"id":"chatcmpl-${i.toString(36)}","object":"chat.completion.chunk","created":${1_700_000_000 + i},"model":"bench-model",` +
      `"choices":[{"index":0,"delta":{"content":" word${(i * 2_654_435_761) % 1_000_003}"},"logprobs":null,"finish_reason":null}]}\n\n`,
  ),
)
const streamHead = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
const streamEnd =
  frame(
    `data: {"id":"chatcmpl-end","object":"chat.completion.chunk","created":1,"model":"bench-model","choices":[],"usage":${usage}}\n\n`,
  ) +
  frame('data: [DONE]\n\n') +
  '0\r\n\r\n'

const answers = Array.from({ length: 64 }, (_, i) => {
  const words = Array.from({ length: 130 }, (__, w) => `w${(i * 131 + w * 17) % 9973}`).join(' ')
  return document(
    `{"id":"chatcmpl-${i}","object":"chat.completion","created":${1_700_000_000 + i},"model":"bench-model","choices":` +
      `[{"index":0,"message":{"role":"assistant","content":"${words}"},"finish_reason":"stop"}],"usage":${usage}}`,
  )
})

function frame(event: string): string {
  return `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`
}

function document(json: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`
}

let turn = 0
interface Stream {
  readonly socket: Socket
  left: number
  next: number
}

/** Writes the next event of a stream; whether there are more to come. */
function step(stream: Stream): boolean {
  if (stream.socket.destroyed) return false
  stream.socket.write(events[stream.next++ % poolSize] ?? '')
  if (--stream.left !== 0) return true
  stream.socket.write(streamEnd)
  return false
}

/** Each turn of the event loop writes one event of every burst: a gateway that falls behind finds several in a read. */
const bursts = new Set<Stream>()
function burst(): void {
  for (const stream of bursts) if (!step(stream)) bursts.delete(stream)
  if (bursts.size > 0) setImmediate(burst)
}

/** One timer a millisecond serves all paced streams, each in its own slot of the round. */
interface Pace extends Stream {
  readonly everyMs: number
  readonly slot: number
}
const paced = new Set<Pace>()
let tick = 0
const clock = performance.now()
setInterval(() => {
  const now = Math.floor(performance.now() - clock)
  while (tick < now) {
    tick++
    for (const pace of paced) if (tick % pace.everyMs === pace.slot && !step(pace)) paced.delete(pace)
  }
}, 1)

function respond(socket: Socket, { path }: Request): void {
  const [, kind, first, second] = path.split('?', 1)[0]?.split('/') ?? []
  turn++
  if (kind === 'burst') {
    socket.write(streamHead)
    bursts.add({ socket, left: Number(first), next: turn * 61 })
    if (bursts.size === 1) setImmediate(burst)
  } else if (kind === 'paced') {
    const everyMs = Number(second)
    socket.write(streamHead)
    // -1 never reaches 0: a stream without an end.
    paced.add({
      socket,
      everyMs,
      slot: turn % everyMs,
      left: Number(first) || -1,
      next: turn * 61,
    })
  } else {
    socket.write(answers[turn % answers.length] ?? '')
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  const reader = new RequestReader((request) => respond(socket, request))
  socket.on('data', (bytes: Buffer) => reader.push(bytes))
  socket.on('error', () => socket.destroy())
})
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address) process.stdout.write(`listening on ${address.port}\n`)
})
