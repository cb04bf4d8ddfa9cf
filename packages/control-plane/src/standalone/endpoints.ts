// The Admin API of a gateway whose whole configuration is given at once: GET, PUT and HEAD of /configs, and its check
// (contract: admin-api.md §7).
import type { IncomingMessage } from 'node:http'
import { Turns } from '@weir/config-store/turns'
import { writeAnyYaml } from '@weir/config-store/yaml'
import type { JsonObject } from '@weir/contract'
import type { Encryption } from '../admin/encryption.ts'
import { compileSchemas } from '../admin/compile-schemas.ts'
import type { PluginTable } from '../admin/plugin-table.ts'
import { resources } from '../admin/resources.ts'
import { refuseEarly, type Reply } from '../http/reply.ts'
import type { Configuration } from './configuration.ts'
import { writeInTurns } from './json-in-turns.ts'
import { readConfiguration, type ReadingReply, yamlType } from './read-body.ts'
import { itemProblems, kinds, type Problem, versionProblems } from './validate.ts'
import { warningsAbout } from './warnings.ts'

export interface StandaloneServices extends Encryption {
  readonly configuration: Configuration
  /** Bytes of a configuration to be checked only (contract: admin-api.md §1). */
  readonly bodyBytesMax: number
  /** Unix time in seconds. */
  now(): number
}

export interface StandaloneReply extends Omit<ReadingReply, 'status'> {
  readonly status: Reply['status'] | 204
}

/** APISIX has no limit here; this one only keeps the process alive. */
const CONFIGURATION_BYTES_MAX = 256 * 1024 * 1024

/** The current configuration, as YAML if that is what `accept` begins with. */
export async function getConfiguration(
  accept: string,
  { configuration }: StandaloneServices,
): Promise<StandaloneReply> {
  const headers = headersOf(configuration)
  const json = await writeInTurns(configuration.document)
  if (!accept.startsWith(yamlType)) return { status: 200, json, headers }
  return { status: 200, text: await writeAnyYaml(json), headers: { ...headers, 'Content-Type': yamlType } }
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
  const [problem] = await problemsIn(read.value, services, 1)
  if (problem) return refuseEarly(400, problem.error)
  const now = services.now()
  const replaced = await configuration.replace(read.value, digest, now)
  if (replaced === 'known') return { status: 204 }
  if (replaced !== 'new') return refuseEarly(400, replaced.complaint)
  const warnings = await warningsAbout(read.value, services)
  return { status: 202, text: '', headers: { ...headersOf({ digest, lastModified: now }), ...warnings } }
}

export async function validateConfiguration(
  request: IncomingMessage,
  services: Encryption & Pick<StandaloneServices, 'bodyBytesMax'>,
): Promise<ReadingReply> {
  const read = await readConfiguration(request, services.bodyBytesMax)
  if ('refusal' in read) return read.refusal
  const errors = [...versionProblems(read.value), ...(await problemsIn(read.value, services))]
  if (errors.length === 0) {
    return { status: 200, json: '{}', headers: await warningsAbout(read.value, services) }
  }
  return refuseEarly(400, 'Configuration validation failed', { errors })
}

/** The first problems among the items' answers, found without holding up the event loop. */
async function problemsIn(
  configuration: JsonObject,
  services: Encryption,
  most = Infinity,
): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  const turns = new Turns()
  await compileAll(configuration, services.plugins, turns)
  for (const found of itemProblems(configuration, services)) {
    const problem = found instanceof Promise ? await found : found
    if (problem && problems.push(problem) >= most) break
    if (turns.isOver) await turns.next()
  }
  return problems
}

async function compileAll(configuration: JsonObject, table: PluginTable, turns: Turns): Promise<void> {
  for (const kind of kinds) {
    const resource = resources.get(kind)
    const items = configuration[kind]
    if (resource === undefined || !Array.isArray(items)) continue
    for (const item of items) {
      await compileSchemas(resource, item, table, turns)
      if (turns.isOver) await turns.next()
    }
  }
}

function headersOf({
  digest,
  lastModified,
}: Pick<Configuration, 'digest' | 'lastModified'>): Record<string, string> {
  if (digest === undefined) return {}
  return { 'X-Last-Modified': String(lastModified), ...(digest === '' ? {} : { 'X-Digest': digest }) }
}
