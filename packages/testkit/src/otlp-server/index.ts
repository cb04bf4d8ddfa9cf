// A stand-in for an OpenTelemetry collector: takes OTLP over HTTP and remembers what it was told.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { decodeHistograms, decodeSpans, type ReceivedHistogram, type ReceivedSpan } from './decode.ts'

export type { ReceivedHistogram, ReceivedSpan } from './decode.ts'

export interface OtlpServer {
  /** `127.0.0.1:port`. */
  readonly address: string
  readonly spans: ReceivedSpan[]
  readonly histograms: ReceivedHistogram[]
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: Buffer }[]
  /** What requests are answered from now on; default 200. */
  setStatus(status: number): void
  close(): Promise<void>
}

export async function startOtlpServer(): Promise<OtlpServer> {
  const spans: ReceivedSpan[] = []
  const histograms: ReceivedHistogram[] = []
  const requests: OtlpServer['requests'] = []
  let status = 200
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const sent = Buffer.concat(chunks)
      const body = req.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
      requests.push({ url: req.url ?? '', headers: req.headers, body })
      if (status === 200 && req.url === '/v1/traces') spans.push(...decodeSpans(body))
      if (status === 200 && req.url === '/v1/metrics') histograms.push(...decodeHistograms(body))
      res.writeHead(status, { 'Content-Type': 'application/x-protobuf' }).end()
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  return {
    address: `127.0.0.1:${port}`,
    spans,
    histograms,
    requests,
    setStatus(wanted) {
      status = wanted
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
