// From a `/secrets/<manager>/<id>` document to something that can be asked.
import {
  awsSecret,
  type Environment,
  gcpSecret,
  isJsonObject,
  type Parsed,
  type Resource,
  vaultSecret,
} from '@weir/contract'
import type { HttpClient } from '@weir/upstream'
import { readEnvironment } from './environment-reference.ts'
import { type ForThread, ManagerThread } from './managers/thread.ts'
import type { SecretManager } from './managers/secret-manager.ts'
import { openVault } from './managers/vault.ts'

export interface ManagerWorld {
  readonly http: HttpClient
  readonly environment: Environment
  /** `apisix.ssl.ssl_trusted_certificate`. */
  readonly trustedCertificates: string
}

/** Opens what a document describes, when it is first needed. */
export type OpenManager = () => Promise<SecretManager>

/** `id` is the document's: `vault/1`. The complaint is in APISIX's words. */
export function parseManager(id: string, document: unknown, world: ManagerWorld): Parsed<OpenManager> {
  const resolved = resolveEnvironment(document, world.environment)
  switch (id.slice(0, id.indexOf('/'))) {
    case 'vault':
      return opening(vaultSecret, resolved, async (vault) => openVault(vault, world.http))
    // The clients of these take tens of megabytes, and a tenth of a second to load.
    case 'aws':
      return opening(awsSecret, resolved, async (settings) => openThread({ manager: 'aws', settings }, world))
    case 'gcp':
      return opening(gcpSecret, resolved, async (settings) => openThread({ manager: 'gcp', settings }, world))
    default:
      return { ok: false, error: `invalid secret manager: ${id}` }
  }
}

function openThread(work: ForThread, { trustedCertificates }: ManagerWorld): SecretManager {
  return new ManagerThread({ ...work, trustedCertificates })
}

function opening<T>(
  resource: Resource<T>,
  document: unknown,
  open: (settings: T) => Promise<SecretManager>,
): Parsed<OpenManager> {
  const parsed = resource.parse(document)
  return parsed.ok ? { ok: true, value: () => open(parsed.value) } : parsed
}

/** A manager's own key may stand in the environment, never in another manager. */
function resolveEnvironment(value: unknown, environment: Environment): unknown {
  if (typeof value === 'string') return readEnvironment(value, environment) ?? value
  if (!isJsonObject(value)) return value
  const members = Object.entries(value)
  return Object.fromEntries(
    members.map(([name, member]) => [name, resolveEnvironment(member, environment)] as const),
  )
}
