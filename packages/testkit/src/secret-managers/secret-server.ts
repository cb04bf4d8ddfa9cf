// What the fake secret managers have in common: secrets by name, faults, a count of the reads.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen } from '../http/listen.ts'
import { readBody } from '../http/read-body.ts'

/** `fail` answers 500, `hang` nothing at all, `reset` breaks the connection, `garbage` is no JSON. */
type SecretFault = 'fail' | 'hang' | 'reset' | 'garbage' | undefined

export interface SecretServer {
  readonly url: string
  readonly secrets: Map<string, unknown>
  /** Names that were asked for, oldest first. */
  readonly reads: readonly string[]
  setFault(fault: SecretFault): void
  close(): Promise<void>
}

export interface SecretRequest {
  readonly request: IncomingMessage
  readonly path: string
  readonly body: string
}

export interface SecretAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** What was asked for, where the call was a read. */
  readonly read?: string
}

export async function startSecretServer(
  answer: (call: SecretRequest, secrets: ReadonlyMap<string, unknown>) => SecretAnswer,
): Promise<SecretServer> {
  const secrets = new Map<string, unknown>()
  const reads: string[] = []
  let fault: SecretFault
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => respond(request, body.toString(), response),
      () => response.destroy(),
    )
  })

  function respond(request: IncomingMessage, body: string, response: ServerResponse) {
    const path = (request.url ?? '').split('?')[0] ?? ''
    const answered = answer({ request, path, body }, secrets)
    if (answered.read !== undefined) reads.push(answered.read)
    if (fault === 'hang') return
    if (fault === 'reset') response.socket?.resetAndDestroy()
    else if (fault === 'fail') response.writeHead(500).end('{}')
    else if (fault === 'garbage') response.writeHead(200).end('<html>')
    else {
      response.writeHead(answered.status, { 'Content-Type': 'application/json', ...answered.headers })
      response.end(JSON.stringify(answered.body))
    }
  }

  const { port, close } = await listen(server, 0)
  return {
    url: `http://127.0.0.1:${port}`,
    secrets,
    reads,
    setFault: (next) => {
      fault = next
    },
    close,
  }
}
