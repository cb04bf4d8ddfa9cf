// A fake Aliyun content moderation service over HTTP: it checks signatures for real and records every call.
import { createServer, type ServerResponse } from 'node:http'
import { listen } from '../http/listen.ts'
import { readBody } from '../http/read-body.ts'
import { moderatedText, moderationAnswer } from './answer.ts'
import { complaintAbout } from './signature.ts'

export interface AliyunCall {
  readonly params: Readonly<Record<string, string>>
  readonly service: string
  readonly sessionId: string
  readonly content: string
  /** The verdict, or the error code with which the call was refused. */
  readonly outcome: string
}

/** `fail` answers 500, `garbage` answers 200 with bytes that are no JSON, `reset` breaks the connection. */
export type AliyunFault = 'fail' | 'hang' | 'garbage' | 'reset' | undefined

export interface AliyunServer {
  readonly port: number
  readonly url: string
  readonly accessKeyId: string
  readonly accessKeySecret: string
  /** The newest calls, oldest first; at most `callsMax`. */
  readonly calls: readonly AliyunCall[]
  setFault(fault: AliyunFault): void
  clear(): void
  close(): Promise<void>
}

const callsMax = 10_000
const noncesMax = 100_000

export async function startAliyunServer(
  options: { port?: number; accessKeyId?: string; accessKeySecret?: string } = {},
): Promise<AliyunServer> {
  const { accessKeyId = 'test-access-key', accessKeySecret = 'test-access-secret' } = options
  const calls: AliyunCall[] = []
  const nonces = new Set<string>()
  let fault: AliyunFault

  const server = createServer((req, res) => {
    readBody(req).then(
      (body) => answer(new URLSearchParams(body.toString()), res),
      () => res.destroy(),
    )
  })

  function answer(form: URLSearchParams, res: ServerResponse) {
    const outcome = judge(form)
    const text = moderatedText(form)
    calls.push({
      params: Object.fromEntries(form),
      service: form.get('Service') ?? '',
      sessionId: text?.sessionId ?? '',
      content: text?.content ?? '',
      outcome: 'Data' in outcome ? outcome.Data.RiskLevel : outcome.Code,
    })
    if (calls.length > callsMax) calls.shift()
    switch (fault) {
      case 'hang':
        return
      case 'reset':
        res.socket?.resetAndDestroy()
        return
      case 'fail':
        res.writeHead(500, { 'Content-Type': 'application/json' }).end('{"Code":"InternalError"}')
        return
      case 'garbage':
        res.writeHead(200, { 'Content-Type': 'application/json' }).end('<html>not what you asked for')
        return
      case undefined:
        res.writeHead('Data' in outcome ? 200 : 400, { 'Content-Type': 'application/json' })
        res.end(JSON.stringify(outcome))
    }
  }

  function judge(form: URLSearchParams) {
    const complaint = complaintAbout(form, { id: accessKeyId, secret: accessKeySecret })
    if (complaint) return { Code: complaint.code, Message: complaint.message }
    const nonce = form.get('SignatureNonce') ?? ''
    if (nonces.has(nonce))
      return { Code: 'SignatureNonceUsed', Message: 'Specified signature nonce was used already.' }
    if (nonces.size < noncesMax) nonces.add(nonce)
    const text = moderatedText(form)
    if (!text)
      return { Code: 'InvalidServiceParameters', Message: 'ServiceParameters must be JSON with content.' }
    return moderationAnswer(text.content)
  }

  const { port, close } = await listen(server, options.port ?? 0)
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    accessKeyId,
    accessKeySecret,
    calls,
    setFault: (next) => {
      fault = next
    },
    clear: () => {
      calls.length = 0
    },
    close,
  }
}
