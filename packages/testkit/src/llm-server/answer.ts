// Carries one scenario out on one connection.
import { setTimeout as pause } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import { moderatedText, moderationAnswer } from '../aliyun-server/answer.ts'
import { anthropicError, anthropicEvents, anthropicMessage, namedEvent } from './anthropic-answers.ts'
import { type Asked, chatCompletion, chatEvents, embeddings, errorDocument } from './answers.ts'
import { geminiContent, geminiEmbeddings, geminiError, geminiEvents } from './gemini-answers.ts'
import { responsesDocument, responsesEvents } from './responses-answers.ts'
import { asObject } from '../json.ts'
import type { Scenario, ToolCall } from './scenario.ts'
import type { RecordedRequest } from './server.ts'

export interface Turn {
  readonly record: RecordedRequest
  readonly res: ServerResponse
  readonly name: string
  readonly scenario: Scenario
  readonly body: Buffer
}

/** Rejects when the client leaves while the scenario waits. */
export async function answer(turn: Turn): Promise<void> {
  const { res, scenario } = turn
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  if (scenario.delayMs) await pause(scenario.delayMs, undefined, { signal: gone.signal })
  if (scenario.fault) return breakOff(turn, scenario.fault)

  const status = scenario.status ?? 200
  const json = asObject(turn.record.json)
  if (scenario.body !== undefined) return send(turn, status, scenario.body)
  const kind = kindOf(turn.record)
  if (status >= 400) return send(turn, status, JSON.stringify(errorOf(kind, status)))

  const asked = toAsked(turn, json, kind)
  const streams = json['stream'] === true && scenario.stream !== false
  switch (kind) {
    case 'moderation':
      return send(turn, status, JSON.stringify(moderation(turn.body)))
    case 'embeddings':
      return send(turn, status, JSON.stringify(embeddings(asked.model, json, asked.usage)))
    case 'responses':
      if (streams) return stream(turn, status, responsesEvents(asked), gone.signal)
      return send(turn, status, JSON.stringify(responsesDocument(asked)))
    case 'gemini':
      return send(turn, status, JSON.stringify(geminiContent(asked)))
    case 'gemini-stream':
      return stream(turn, status, geminiEvents(asked), gone.signal)
    case 'gemini-embeddings':
      return send(turn, status, JSON.stringify(geminiEmbeddings(lengthOf(json['requests']))))
    case 'messages':
      if (streams) return stream(turn, status, anthropicEvents(asked), gone.signal)
      return send(turn, status, JSON.stringify(anthropicMessage(asked)))
    case 'chat':
      if (streams) return stream(turn, status, chatEvents(asked), gone.signal)
      return send(turn, status, JSON.stringify(chatCompletion(asked)))
  }
}

type Kind =
  | 'chat'
  | 'embeddings'
  | 'responses'
  | 'messages'
  | 'moderation'
  | 'gemini'
  | 'gemini-stream'
  | 'gemini-embeddings'

function kindOf({ method, url, body }: RecordedRequest): Kind {
  const path = url.split('?', 1)[0] ?? ''
  if (method === 'POST' && path === '/' && body.includes('AccessKeyId=')) return 'moderation'
  if (path.endsWith(':generateContent')) return 'gemini'
  if (path.endsWith(':streamGenerateContent')) return 'gemini-stream'
  if (path.endsWith(':batchEmbedContents')) return 'gemini-embeddings'
  if (path.endsWith('/embeddings')) return 'embeddings'
  if (path.endsWith('/responses')) return 'responses'
  return path.endsWith('/messages') ? 'messages' : 'chat'
}

function errorOf(kind: Kind, status: number): object {
  if (kind === 'messages') return anthropicError(status)
  return kind.startsWith('gemini') ? geminiError(status) : errorDocument(status)
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0
}

const weatherInParis: ToolCall = { name: 'get_weather', input: { city: 'Paris' } }

function callsOf({ tool = false }: Scenario): Asked['calls'] {
  const calls = tool === true ? [weatherInParis] : tool || []
  return calls.map((call) => {
    const text = JSON.stringify(call.input)
    return { ...call, parts: [text.slice(0, 8), text.slice(8)] }
  })
}

function toAsked({ name, scenario }: Turn, json: Readonly<Record<string, unknown>>, kind: Kind): Asked {
  const model = typeof json['model'] === 'string' ? json['model'] : 'mock-model'
  const usage = scenario.usage === false ? undefined : (scenario.usage ?? { prompt: 10, completion: 5 })
  // OpenAI sends usage in a stream only when it was asked for; a gateway must not rely on more.
  const wanted =
    kind !== 'chat' || json['stream'] !== true || scenario.stream === false || includesUsage(json)
  const words = scenario.words ?? ['Hello', ' from', ' mock', ` ${name}`]
  return { model, words, usage: wanted ? usage : undefined, calls: callsOf(scenario), scenario }
}

function includesUsage(json: Readonly<Record<string, unknown>>): boolean {
  return asObject(json['stream_options'])['include_usage'] === true
}

function moderation(body: Buffer) {
  return moderationAnswer(moderatedText(new URLSearchParams(body.toString()))?.content ?? '')
}

function breakOff({ res, record }: Turn, fault: NonNullable<Scenario['fault']>): void {
  record.brokenOff = fault !== 'hang'
  switch (fault) {
    case 'hang':
      return
    case 'close':
      res.destroy()
      return
    case 'reset':
      res.socket?.resetAndDestroy()
      return
    case 'garbage':
      res.socket?.end('\u0000\u0001 this is not HTTP \u00ff\r\n\r\n')
  }
}

function headersOf({ name, scenario }: Turn, contentType: string) {
  const type = scenario.contentType ?? contentType
  return {
    ...(type !== false && { 'Content-Type': type }),
    'X-Mock-Port': name,
    'x-request-id': 'mock-req',
    'openai-organization': 'mock-org',
    'Set-Cookie': 'a=b',
    ...scenario.headers,
  }
}

function send(turn: Turn, status: number, body: string | Buffer): void {
  const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) }
  turn.res.writeHead(status, { ...headersOf(turn, 'application/json'), ...length }).end(body)
}

async function stream(
  turn: Turn,
  status: number,
  events: Iterable<string>,
  gone: AbortSignal,
): Promise<void> {
  const { res, record, scenario } = turn
  res.writeHead(status, headersOf(turn, 'text/event-stream'))
  res.flushHeaders()
  for (const event of events) {
    if (record.chunksSent === scenario.cutAfterChunks) {
      record.brokenOff = true
      res.destroy()
      return
    }
    if (record.chunksSent === scenario.stallAfterChunks) return
    if (record.chunksSent === scenario.errorAfterChunks) {
      res.end(errorEventOf(kindOf(record)))
      return
    }
    if (record.chunksSent > 0 && scenario.gapMs) await pause(scenario.gapMs, undefined, { signal: gone })
    // The write is waited for, so that a cut comes after the bytes and a slow reader slows the stream.
    await write(res, scenario.chatty ? chattily(event) : event, gone)
    record.chunksSent++
  }
  res.end()
}

/** Anthropic's pings are events of their own; the others are left alone by whoever does not know them. */
function chattily(event: string): string {
  const ping = event.startsWith('event: message_start') ? namedEvent('ping', {}) : ''
  return `: still here\n\n${event}${ping}`.replaceAll('\n', '\r\n')
}

function errorEventOf(kind: Kind): string {
  const error = errorOf(kind, 529)
  if (kind === 'messages') return namedEvent('error', error)
  if (kind !== 'responses') return `data: ${JSON.stringify(error)}\n\n`
  const details = { sequence_number: 99, code: 'server_error', message: 'mock error 529', param: null }
  return namedEvent('error', details)
}

function write(res: ServerResponse, event: string, gone: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (gone.aborted) return reject(new Error('the client left'))
    const leave = () => reject(new Error('the client left'))
    gone.addEventListener('abort', leave, { once: true })
    res.write(event, () => {
      gone.removeEventListener('abort', leave)
      resolve()
    })
  })
}
