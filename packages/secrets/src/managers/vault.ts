// HashiCorp Vault's KV engine over HTTP (contract/etcd.md §6).
import { isJsonObject, type JsonObject, type Vault } from '@weir/contract'
import type { HttpAnswer, HttpClient } from '@weir/upstream'
import type { SecretManager } from './secret-manager.ts'
import { parseSecretText } from './secret-text.ts'

const TIMEOUT_MS = 5000
const ANSWER_BYTES_MAX = 1024 * 1024
const KEEP_ALIVE = { connections: 8, idleMs: 10_000 }

export function openVault({ uri, prefix, token, namespace }: Vault, http: HttpClient): SecretManager {
  const base = `${uri.replace(/\/+$/, '')}/v1/`
  const headers = {
    'X-Vault-Token': token,
    ...(namespace !== undefined && { 'X-Vault-Namespace': namespace }),
  }
  return {
    async read(name, signal) {
      const answer = await http.call({
        url: base + toPath(`${prefix}/${name}`),
        method: 'GET',
        headers,
        timeoutMs: TIMEOUT_MS,
        maxResponseBytes: ANSWER_BYTES_MAX,
        verifyCertificate: true,
        keepAlive: KEEP_ALIVE,
        signal,
      })
      return membersOf(answer)
    },
    close: () => {},
  }
}

function toPath(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '')
  return segments.map(encodeURIComponent).join('/')
}

function membersOf({ status, body }: HttpAnswer): JsonObject | undefined {
  if (status === 404) return undefined
  if (status !== 200) throw new Error(`Vault answers ${status}`)
  const { data } = parseSecretText(body.toString())
  if (!isJsonObject(data)) throw new Error('the answer has no data')
  // Version 2 of the engine wraps the members once more and puts facts about the version beside them.
  return isJsonObject(data['data']) && isJsonObject(data['metadata']) ? data['data'] : data
}
