// A fake LLM provider: a real HTTP server whose answers follow from the request's path, a program, or a fault.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { closeServer, listen } from '../http/listen.ts'
import { freePort } from '../process/free-port.ts'
import { readBody } from '../http/read-body.ts'
import { parseJson } from '../json.ts'
import { answer } from './answer.ts'
import { parseScenario, type Scenario, type Usage } from './scenario.ts'

export interface RecordedRequest {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly (readonly [name: string, value: string])[]
  /** By lower-case name; the first value of each. */
  readonly headers: Readonly<Record<string, string>>
  /** At most 1 MiB of it. */
  readonly body: string
  readonly bodyBytes: number
  /** The body parsed, undefined when it is not JSON. */
  readonly json: unknown
  /** Milliseconds of the monotonic clock (`performance.now()`). */
  readonly startedAtMs: number
  /** Chunks of a stream handed to the socket so far. */
  chunksSent: number
  /** The answer went out whole. */
  finished: boolean
  /** The other side closed the connection before the answer was whole. */
  aborted: boolean
  /** The scenario itself broke the connection off. */
  brokenOff: boolean
  abortedAtMs: number | undefined
}

export type Script = (request: RecordedRequest) => Scenario | undefined

export interface LlmServerOptions {
  /** Default: a free one, which stays so while the server refuses. 0: the system chooses. */
  port?: number
  /** Stands in the answer's text ("Hello from mock NAME"). Default: the port. */
  name?: string
  /** Default 10 prompt and 5 completion tokens; a path's `/u/P-C` wins. */
  usage?: Usage
  /** Decides what the path does not; may return undefined to leave a request alone. */
  script?: Script
}

export interface LlmServer {
  readonly port: number
  readonly url: string
  /** The newest requests, oldest first; at most 10,000. */
  readonly requests: readonly RecordedRequest[]
  /** Requests in all, also those no longer kept. */
  readonly requestCount: number
  /** Requests whose answer is still under way. */
  readonly openRequests: number
  /** While unhealthy every request, health checks too, gets 503. */
  setHealthy(healthy: boolean): void
  /** Applies to every request, over path and script; undefined ends it. */
  setScenario(scenario: Scenario | undefined): void
  setScript(script: Script | undefined): void
  /** Stops listening and drops all connections: the next connect is refused. */
  refuse(): Promise<void>
  /** Listens on the same port again, if it does not. */
  accept(): Promise<void>
  /** Forgets the recorded requests. */
  clear(): void
  close(): Promise<void>
}

const requestsMax = 10_000
const recordedBodyBytesMax = 1024 * 1024

export async function startLlmServer(options: LlmServerOptions = {}): Promise<LlmServer> {
  const requests: RecordedRequest[] = []
  let requestCount = 0
  let openRequests = 0
  let healthy = true
  let forced: Scenario | undefined
  let script = options.script

  const server = createServer({ maxHeaderSize: 256 * 1024 }, (req, res) => {
    handle(req, res).catch(() => res.destroy())
  })
  server.keepAliveTimeout = 60_000
  let bound = await listen(server, options.port ?? (await freePort()))
  const { port } = bound
  const name = options.name ?? String(port)

  async function handle(req: IncomingMessage, res: ServerResponse) {
    const url = req.url ?? '/'
    if (req.method === 'POST' && url.startsWith('/_control/')) return control(url, res)
    const startedAtMs = performance.now()
    const body = await readBody(req)
    const record = toRecord(req, body, startedAtMs)
    requestCount++
    requests.push(record)
    if (requests.length > requestsMax) requests.shift()
    res.on('close', () => {
      openRequests--
      record.finished = res.writableFinished
      if (record.finished || record.brokenOff) return
      record.aborted = true
      record.abortedAtMs = performance.now()
    })
    openRequests++
    await answer({ record, res, name, scenario: scenarioFor(record), body })
  }

  function scenarioFor(record: RecordedRequest): Scenario {
    if (!healthy) return { status: 503 }
    return {
      ...(options.usage && { usage: options.usage }),
      ...script?.(record),
      ...parseScenario(record.url.split('?', 1)[0] ?? ''),
      ...forced,
    }
  }

  /** `curl -X POST .../_control/down` and `up`: how somebody at a terminal takes a model server away and back. */
  function control(url: string, res: ServerResponse) {
    const word = url.slice('/_control/'.length)
    if (word === 'down' || word === 'up') healthy = word === 'up'
    res.writeHead(word === 'down' || word === 'up' ? 200 : 404, { 'Content-Type': 'text/plain' })
    res.end(`${name} is ${healthy ? 'up' : 'down'}\n`)
  }

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    get requestCount() {
      return requestCount
    },
    get openRequests() {
      return openRequests
    },
    setHealthy: (next) => {
      healthy = next
    },
    setScenario: (next) => {
      forced = next
    },
    setScript: (next) => {
      script = next
    },
    refuse: () => closeServer(server),
    accept: async () => {
      if (!server.listening) bound = await listen(server, port)
    },
    clear: () => {
      requests.length = 0
    },
    close: () => bound.close(),
  }
}

function toRecord(req: IncomingMessage, body: Buffer, startedAtMs: number): RecordedRequest {
  const rawHeaders: [string, string][] = []
  const headers: Record<string, string> = {}
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [req.rawHeaders[i], req.rawHeaders[i + 1]]
    rawHeaders.push([name, value])
    headers[name.toLowerCase()] ??= value
  }
  return {
    method: req.method ?? '',
    url: req.url ?? '/',
    rawHeaders,
    headers,
    body: body.subarray(0, recordedBodyBytesMax).toString(),
    bodyBytes: body.length,
    json: parseJson(body.toString()),
    startedAtMs,
    chunksSent: 0,
    finished: false,
    aborted: false,
    brokenOff: false,
    abortedAtMs: undefined,
  }
}
