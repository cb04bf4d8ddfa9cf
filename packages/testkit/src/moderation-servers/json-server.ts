// What fake moderation services have in common: JSON in, JSON out, faults, and a record of the calls.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { listen } from '../http/listen.ts'
import { readBody } from '../http/read-body.ts'

/** `fail` answers 500, `garbage` 200 and no JSON, `empty` 200 and `{}`, `hang` nothing, `reset` breaks the connection. */
type ModerationFault = 'fail' | 'garbage' | 'empty' | 'hang' | 'reset' | undefined

export interface ModerationServer<Call> {
  readonly url: string
  /** Oldest first, refused ones as well. */
  readonly calls: readonly Call[]
  setFault(fault: ModerationFault): void
  clear(): void
  close(): Promise<void>
}

export interface JsonAnswer<Call> {
  readonly call: Call
  readonly status: number
  readonly body: object
}

export async function startJsonServer<Call>(
  answer: (headers: IncomingHttpHeaders, document: unknown) => JsonAnswer<Call>,
): Promise<ModerationServer<Call>> {
  const calls: Call[] = []
  let fault: ModerationFault

  function respond({ call, status, body }: JsonAnswer<Call>, response: ServerResponse): void {
    calls.push(call)
    const headers = { 'Content-Type': 'application/json' }
    if (fault === 'hang') return
    if (fault === 'reset') response.socket?.resetAndDestroy()
    else if (fault === 'fail') response.writeHead(500, headers).end('{"message":"internal"}')
    else if (fault === 'garbage') response.writeHead(200, headers).end('<html>not what you asked for')
    else if (fault === 'empty') response.writeHead(200, headers).end('{}')
    else response.writeHead(status, headers).end(JSON.stringify(body))
  }

  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => respond(answer(request.headers, JSON.parse(body.toString())), response),
      () => response.destroy(),
    )
  })
  const { port, close } = await listen(server, 0)
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    setFault(next) {
      fault = next
    },
    clear: () => void calls.splice(0),
    close,
  }
}
