// Calls on kept connections, as cheap as they can be: the caller shares its machine with what it measures.
import { Agent, request } from 'node:http'

interface Answer {
  readonly status: number
  readonly text: string
}

export type Call = (method: string, path: string, body?: string) => Promise<Answer>

export interface Caller {
  readonly call: Call
  close(): void
}

/** @param connections how many calls can be under way at once. */
export function createCaller(
  port: number,
  connections: number,
  headers: Readonly<Record<string, string>> = {},
): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  return {
    call: (method, path, body = '') =>
      new Promise((resolve, reject) => {
        const length = { 'Content-Length': Buffer.byteLength(body) }
        const options = { host: '127.0.0.1', port, agent, method, path, headers: { ...headers, ...length } }
        const sent = request(options, (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => (text += chunk))
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
          response.on('error', reject)
        })
        sent.on('error', reject)
        sent.end(body)
      }),
    close: () => agent.destroy(),
  }
}
