// The model server of the bench: a process of its own, on raw sockets, so that it costs little beside the gateway.
// Paths: /chat a 1 KB answer; /burst/N N events at once; /paced/N/MS N events, one every MS milliseconds (0: for ever);
// anything else a short answer. All events differ: equal ones are interned by a parser and flatter it.
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
/** Faster than any model, slow enough that a read of the gateway finds a few events rather than a buffer full. */
const burstEventsPerMs = 2

/** One timer a millisecond serves all paced streams, each in its own slot of the round. */
interface Pace {
  readonly socket: Socket
  readonly everyMs: number
  readonly slot: number
  readonly perTurn: number
  left: number
  next: number
}
const paced = new Set<Pace>()
let tick = 0
const clock = performance.now()
setInterval(() => {
  const now = Math.floor(performance.now() - clock)
  while (tick < now) {
    tick++
    for (const pace of paced) if (tick % pace.everyMs === pace.slot) step(pace)
  }
}, 1)

function step(pace: Pace): void {
  if (pace.socket.destroyed) {
    paced.delete(pace)
    return
  }
  for (let i = 0; i < pace.perTurn && pace.left !== 0; i++) {
    pace.socket.write(events[pace.next++ % poolSize] ?? '')
    pace.left--
  }
  if (pace.left !== 0) return
  paced.delete(pace)
  pace.socket.write(streamEnd)
}

function respond(socket: Socket, { path }: Request): void {
  const [, kind, first, second] = path.split('?', 1)[0]?.split('/') ?? []
  turn++
  if (kind === 'burst') {
    socket.write(streamHead)
    paced.add({
      socket,
      everyMs: 1,
      slot: 0,
      perTurn: burstEventsPerMs,
      left: Number(first),
      next: turn * 61,
    })
  } else if (kind === 'paced') {
    const everyMs = Number(second)
    socket.write(streamHead)
    // -1 never reaches 0: a stream without an end.
    paced.add({
      socket,
      everyMs,
      slot: turn % everyMs,
      perTurn: 1,
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
