// The Admin API of a gateway whose whole configuration is given at once: GET, PUT and HEAD of /configs, and its check
// (contract: admin-api.md §7).
import type { IncomingMessage } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { readAnyYaml } from '@weir/config-store/yaml'
import { isJsonObject, writeYaml } from '@weir/contract'
import type { Encryption } from '../admin/encryption.ts'
import { badValue, parseJson, readBytes } from '../http/body.ts'
import { refuseEarly, type Reply } from '../http/reply.ts'
import type { Configuration } from './configuration.ts'
import { itemProblems, type Problem, versionProblems } from './validate.ts'
import { warningsAbout } from './warnings.ts'

export interface StandaloneServices extends Encryption {
  readonly configuration: Configuration
  /** Bytes of a configuration to be checked only (contract: admin-api.md §1). */
  readonly bodyBytesMax: number
  /** Unix time in seconds. */
  now(): number
}

/** A reply to a request whose body may not have been read to its end. */
export interface ReadingReply extends Reply<string> {
  /** Bytes of the request are still to come. */
  readonly unread?: boolean
}

export interface StandaloneReply extends Omit<ReadingReply, 'status'> {
  readonly status: Reply['status'] | 204
}

/** APISIX has no limit here; this one only keeps the process alive. */
const CONFIGURATION_BYTES_MAX = 256 * 1024 * 1024

const yamlType = 'application/yaml'

/** The current configuration, as YAML if that is what `accept` begins with. */
export function getConfiguration(accept: string, { configuration }: StandaloneServices): StandaloneReply {
  const { document } = configuration
  const headers = headersOf(configuration)
  if (!accept.startsWith(yamlType)) return { status: 200, json: JSON.stringify(document), headers }
  return { status: 200, text: writeYaml(document), headers: { ...headers, 'Content-Type': yamlType } }
}

export function headConfiguration({ configuration }: StandaloneServices): StandaloneReply {
  return { status: 200, text: '', headers: headersOf(configuration) }
}

export async function putConfiguration(
  request: IncomingMessage,
  services: StandaloneServices,
): Promise<StandaloneReply> {
  const { configuration } = services
  const digest = request.headers['x-digest']
  if (typeof digest !== 'string') return refuseEarly(400, 'missing digest header')
  const read = await readConfiguration(request, CONFIGURATION_BYTES_MAX)
  if ('refusal' in read) return read.refusal
  if (digest === configuration.digest) return { status: 204 }
  const [problem] = await problemsIn(itemProblems(read.value, services), 1)
  if (problem) return refuseEarly(400, problem.error)
  // Somebody else may have been faster meanwhile.
  if (digest === configuration.digest) return { status: 204 }
  const complaint = configuration.replace(read.value, digest, services.now())
  if (complaint !== undefined) return refuseEarly(400, complaint)
  const headers = { ...headersOf(configuration), ...warningsAbout(read.value, services) }
  return { status: 202, text: '', headers }
}

export async function validateConfiguration(
  request: IncomingMessage,
  services: Encryption & Pick<StandaloneServices, 'bodyBytesMax'>,
): Promise<ReadingReply> {
  const read = await readConfiguration(request, services.bodyBytesMax)
  if ('refusal' in read) return read.refusal
  const errors = [...versionProblems(read.value), ...(await problemsIn(itemProblems(read.value, services)))]
  if (errors.length === 0) return { status: 200, json: '{}', headers: warningsAbout(read.value, services) }
  return refuseEarly(400, 'Configuration validation failed', { errors })
}

/** Items that are checked in one turn of the event loop: a few milliseconds' worth. */
const ITEMS_PER_TURN = 100

/** The first problems among the items' answers, found without holding up the event loop. */
async function problemsIn(
  checks: Iterable<Problem | undefined>,
  most = Infinity,
): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  let checked = 0
  for (const problem of checks) {
    if (problem && problems.push(problem) >= most) break
    checked += 1
    if (checked % ITEMS_PER_TURN === 0) await nextTurn()
  }
  return problems
}

type Read = { readonly value: Record<string, unknown> } | { readonly refusal: ReadingReply }

/** What is no object is an empty configuration, as in APISIX, unless it is a scalar in YAML. */
async function readConfiguration(request: IncomingMessage, bytesMax: number): Promise<Read> {
  const read = await readBytes(request, bytesMax)
  if (!read.ok) return { refusal: { ...read.reply, unread: read.unread } }
  if (read.bytes.length === 0) return refusal('empty request body')
  if (!(request.headers['content-type'] ?? '').startsWith(yamlType)) {
    const parsed = parseJson(read.bytes)
    return parsed.ok ? asObject(parsed.value) : refusal(parsed.error)
  }
  const yaml = await readAnyYaml(read.bytes.toString())
  if (!yaml.ok) return refusal(yaml.empty ? 'invalid yaml request body' : yaml.error)
  if (typeof yaml.value !== 'object') return refusal('invalid yaml request body')
  const complaint = badValue(yaml.value)
  return complaint === undefined ? asObject(yaml.value) : refusal(complaint)
}

function asObject(value: unknown): Read {
  return { value: isJsonObject(value) ? value : {} }
}

function refusal(why: string): Read {
  return { refusal: refuseEarly(400, `invalid request body: ${why}`) }
}

function headersOf({ digest, lastModified }: Configuration): Record<string, string> {
  if (digest === undefined) return {}
  return { 'X-Last-Modified': String(lastModified), ...(digest === '' ? {} : { 'X-Digest': digest }) }
}
