// What the registry needs of a secret manager, whichever it is.
import type { JsonObject } from '@weir/contract'

export interface SecretManager {
  /**
   * The members of a secret; undefined when the manager says that there is none of that name. Rejects when it does not
   * say, with a reason that quotes nothing of the secret.
   */
  read(name: string, signal: AbortSignal): Promise<JsonObject | undefined>
  close(): void
}
