// A Redis that can search vectors. Debian's has no RediSearch, so the two commands of it that the gateway uses are
// answered here, by looking at every document; all others go to a real Redis behind.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { portOf } from '../http/listen.ts'
import { startRedis } from './redis.ts'
import { encodeResp, RespError, RespReader, type RespValue } from './resp.ts'

export interface SearchRedis {
  readonly host: string
  readonly port: number
  /** Every command with its arguments as texts, without what clients say to introduce themselves. */
  readonly commands: readonly (readonly string[])[]
  clear(): void
  /** From now on it knows no vectors, like a Redis without RediSearch; indexes are gone. */
  forgetSearch(): void
  stop(): Promise<void>
}

interface Index {
  readonly prefix: string
  readonly dimensions: number
}

/** Runs a command on the real Redis. */
type Run = (command: readonly (Buffer | string)[]) => Promise<RespValue>

const introductions = new Set(['PING', 'SELECT', 'AUTH', 'INFO', 'CLIENT', 'HELLO'])

export async function startSearchRedis(): Promise<SearchRedis> {
  const redis = await startRedis()
  const indexes = new Map<string, Index>()
  const commands: string[][] = []
  const sockets = new Set<Socket>()
  let knowsSearch = true

  async function answer(command: readonly Buffer[], run: Run): Promise<RespValue> {
    const words = command.map((word) => word.toString())
    const [name = ''] = words
    if (!introductions.has(name.toUpperCase())) commands.push(words)
    if (!name.startsWith('FT.') || !knowsSearch) return run(command)
    if (name === 'FT.CREATE') return createIndex(words, indexes)
    if (name === 'FT.SEARCH') return search(command, indexes, run)
    return new RespError(`ERR unknown command '${name}'`)
  }

  const server = createServer((client) => {
    const behind = connect(redis.port, redis.host)
    const replies = new RespReader()
    const waiting: ((reply: RespValue) => void)[] = []
    behind.on('data', (bytes: Buffer) => {
      for (const reply of replies.push(bytes)) waiting.shift()?.(reply)
    })
    const run: Run = (command) => {
      behind.write(encodeResp(command.map((word) => Buffer.from(word))))
      return new Promise((resolve) => waiting.push(resolve))
    }
    const requests = new RespReader()
    let last: Promise<unknown> = Promise.resolve()
    client.on('data', (bytes: Buffer) => {
      for (const request of requests.push(bytes)) {
        if (!isCommand(request)) throw new Error('a command is a list of texts')
        last = last.then(async () => client.write(encodeResp(await answer(request, run))))
      }
    })
    for (const socket of [client, behind]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('close', () => behind.destroy())
    behind.on('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    host: '127.0.0.1',
    port: portOf(server),
    commands,
    clear: () => void commands.splice(0),
    forgetSearch() {
      knowsSearch = false
      indexes.clear()
    },
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await redis.stop()
    },
  }
}

function isCommand(value: RespValue): value is readonly Buffer[] {
  return Array.isArray(value) && value.every((word) => Buffer.isBuffer(word))
}

const created =
  /^ON HASH PREFIX 1 (\S+) SCHEMA partition TAG embedding VECTOR HNSW 6 TYPE FLOAT32 DIM (\d+) DISTANCE_METRIC COSINE$/

function createIndex([, name = '', ...rest]: readonly string[], indexes: Map<string, Index>): RespValue {
  if (indexes.has(name)) return new RespError('Index already exists')
  const [, prefix, dimensions] = created.exec(rest.join(' ')) ?? []
  if (prefix === undefined) return new RespError('ERR this schema is not known here')
  indexes.set(name, { prefix, dimensions: Number(dimensions) })
  return 'OK'
}

const nearest = /^\(@partition:\{(\w+)\}\)=>\[KNN (\d+) @embedding \$vec AS __score\]$/
const behindQuery = /^PARAMS 2 vec$/
const answered = /^RETURN (\d+) (.+) SORTBY __score DIALECT 2$/

async function search(
  command: readonly Buffer[],
  indexes: ReadonlyMap<string, Index>,
  run: Run,
): Promise<RespValue> {
  const [, name = '', query = ''] = command.map(String)
  const index = indexes.get(name)
  if (!index) return new RespError(`${name}: no such index`)
  const vector = command[6] ?? Buffer.alloc(0)
  const [, partition, count] = nearest.exec(query) ?? []
  const [, length, fields = ''] = answered.exec(command.slice(7).map(String).join(' ')) ?? []
  const names = fields.split(' ')
  if (
    !partition ||
    !behindQuery.test(command.slice(3, 6).map(String).join(' ')) ||
    Number(length) !== names.length
  )
    return new RespError('ERR this query is not known here')
  if (vector.length !== index.dimensions * 4) return new RespError('ERR the vector has another length')

  const keys = await run(['KEYS', `${index.prefix}*`])
  const found: { readonly key: Buffer; readonly members: Map<string, Buffer>; readonly distance: number }[] =
    []
  for (const key of isCommand(keys) ? keys : []) {
    const members = membersOf(await run(['HGETALL', key]))
    const embedding = members.get('embedding')
    if (members.get('partition')?.toString() !== partition || embedding?.length !== vector.length) continue
    const distance = 1 - cosine(embedding, vector)
    members.set('__score', Buffer.from(String(distance)))
    found.push({ key, members, distance })
  }
  const nearestFirst = found.toSorted((a, b) => a.distance - b.distance).slice(0, Number(count))
  return [
    nearestFirst.length,
    ...nearestFirst.flatMap(({ key, members }) => [
      key,
      names.flatMap((field) => {
        const value = members.get(field)
        return value ? [Buffer.from(field), value] : []
      }),
    ]),
  ]
}

function membersOf(reply: RespValue): Map<string, Buffer> {
  const members = new Map<string, Buffer>()
  if (!isCommand(reply)) return members
  for (let i = 0; i + 1 < reply.length; i += 2) {
    const value = reply[i + 1]
    if (value) members.set(String(reply[i]), value)
  }
  return members
}

function cosine(one: Buffer, other: Buffer): number {
  let product = 0
  let oneSquared = 0
  let otherSquared = 0
  for (let at = 0; at < one.length; at += 4) {
    const a = one.readFloatLE(at)
    const b = other.readFloatLE(at)
    product += a * b
    oneSquared += a * a
    otherSquared += b * b
  }
  return product / Math.sqrt(oneSquared * otherSquared)
}
