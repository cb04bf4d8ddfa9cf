// AWS Secrets Manager through its official client (contract/etcd.md §6).
import type { Aws, JsonObject } from '@weir/contract'
import type { SecretManager } from './secret-manager.ts'
import { membersOfText } from './secret-text.ts'

const CONNECT_TIMEOUT_MS = 5000

/** Loads the client, which takes tens of megabytes: only for those who use it. */
export async function openAws(settings: Aws): Promise<SecretManager> {
  const { GetSecretValueCommand, ResourceNotFoundException, SecretsManagerClient } =
    await import('@aws-sdk/client-secrets-manager')
  const { access_key_id, secret_access_key, session_token, region, endpoint_url } = settings
  const client = new SecretsManagerClient({
    region,
    credentials: {
      accessKeyId: access_key_id,
      secretAccessKey: secret_access_key,
      ...(session_token !== undefined && { sessionToken: session_token }),
    },
    ...(endpoint_url !== undefined && { endpoint: endpoint_url }),
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS },
    maxAttempts: 2,
  })

  async function readText(name: string, abortSignal: AbortSignal): Promise<string | undefined> {
    const command = new GetSecretValueCommand({ SecretId: name, VersionStage: 'AWSCURRENT' })
    const { SecretString } = await client.send(command, { abortSignal })
    return SecretString
  }

  /** The longest name first: what is no secret's name may be a shorter one's and the beginning of its keys. */
  async function read(name: string, signal: AbortSignal): Promise<JsonObject | undefined> {
    try {
      return membersOfText(await readText(name, signal))
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error
    }
    const slash = name.lastIndexOf('/')
    const shorter = slash > 0 ? await read(name.slice(0, slash), signal) : undefined
    return shorter && membersBelow(shorter, `${name.slice(slash + 1)}/`)
  }

  return { read, close: () => client.destroy() }
}

function membersBelow(members: JsonObject, prefix: string): JsonObject {
  const below = Object.entries(members).filter(([key]) => key.startsWith(prefix))
  return Object.fromEntries(below.map(([key, value]) => [key.slice(prefix.length), value]))
}
