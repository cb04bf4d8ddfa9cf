// How requests over a limit are answered (common-plugins.md §3).
import type { Reply } from '@weir/plugin-api'

export interface RefusalConfig {
  readonly rejected_code: number
  readonly rejected_msg?: string | undefined
}

/** Without a message the gateway names the status. */
export function refusalOf({ rejected_code: status, rejected_msg }: RefusalConfig): Reply {
  return rejected_msg === undefined ? { status } : { status, body: { error_msg: rejected_msg } }
}
