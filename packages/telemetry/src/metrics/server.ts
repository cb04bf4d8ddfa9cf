// Where Prometheus scrapes: one path on an address of its own.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { contentType } from './render.ts'

export interface MetricsServerOptions {
  readonly ip: string
  /** 0: the system chooses. */
  readonly port: number
  /** `plugin_attr.prometheus.export_uri`. */
  readonly path: string
  /** The page; a failure is answered as APISIX answers it. */
  collect(): Promise<string>
}

export interface MetricsServer {
  readonly port: number
  close(): Promise<void>
}

const requestTimeoutMs = 10_000

/** Rejects when the address cannot be listened on. */
export function createMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  // Scrapes that come while a page is being collected get that page.
  let collecting: Promise<string> | undefined

  function collect(): Promise<string> {
    collecting ??= options.collect().finally(() => {
      collecting = undefined
    })
    return collecting
  }

  async function answer({ method, url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = url.split('?', 1)
    if (path !== options.path || method !== 'GET') {
      response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('404 Not Found\n')
      return
    }
    try {
      const page = await collect()
      response.writeHead(200, { 'Content-Type': contentType }).end(page)
    } catch {
      const message = 'Failed to retrieve metrics: no data available'
      response
        .writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' })
        .end(`${JSON.stringify({ message })}\n`)
    }
  }

  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    request.resume()
    void answer(request, response)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.ip, () => {
      server.off('error', reject)
      const address = server.address()
      resolve({
        port: typeof address === 'object' && address ? address.port : options.port,
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    })
  })
}
