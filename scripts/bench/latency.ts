// Latencies of single requests on one kept-alive connection, one after the other.
import { Agent, request } from 'node:http'

export interface Caller {
  /** Milliseconds from sending to the last byte of the answer; rejects unless it is 200. */
  call(path: string, body: string | Buffer, headers?: Readonly<Record<string, string>>): Promise<number>
  close(): void
}

export function createCaller(port: number): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    call: (path, body, headers = {}) =>
      new Promise((resolve, reject) => {
        const startedAtMs = performance.now()
        const req = request(
          {
            port,
            host: '127.0.0.1',
            agent,
            path,
            method: 'POST',
            headers: {
              'Content-Type': 'application/json',
              'Content-Length': Buffer.byteLength(body),
              ...headers,
            },
          },
          (res) => {
            res.on('error', reject)
            res.on('end', () => {
              if (res.statusCode === 200) resolve(performance.now() - startedAtMs)
              else reject(new Error(`${path}: ${res.statusCode ?? 'no status'}`))
            })
            res.resume()
          },
        )
        req.on('error', reject)
        req.end(body)
      }),
    close: () => agent.destroy(),
  }
}
