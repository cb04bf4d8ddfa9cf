// Which etcd is behind the store: asked until it answers, and told when it is too old (contract: etcd.md §2).
import type { ConfigStore } from '@weir/config-store'
import type { Logger } from '@weir/telemetry'

const REQUIRED = '3.4.0'
/** Pauses grow, as a user of etcd may never be allowed to ask. */
const AGAIN_MS_MIN = 1000
const AGAIN_MS_MAX = 60_000

export interface EtcdVersion {
  /** `unknown` until etcd has answered. */
  readonly current: string
  close(): void
}

export function watchEtcdVersion(store: ConfigStore, log: Logger): EtcdVersion {
  let current = 'unknown'
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let againMs = AGAIN_MS_MIN

  async function ask(): Promise<void> {
    try {
      current = (await store.serverVersion?.()) ?? current
      if (isOlder(current))
        log.error(`etcd cluster version ${current} is less than the required version ${REQUIRED}`)
    } catch {
      // Whoever follows the store tells that it is away.
      if (!isClosed) timer = setTimeout(() => void ask(), againMs).unref()
      againMs = Math.min(2 * againMs, AGAIN_MS_MAX)
    }
  }

  void ask()
  return {
    get current() {
      return current
    },
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [requiredMajor = 0, requiredMinor = 0] = REQUIRED.split('.').map(Number)
  return major < requiredMajor || (major === requiredMajor && minor < requiredMinor)
}
