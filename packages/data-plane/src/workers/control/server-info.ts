// Who this gateway is (etcd.md §7), in the form of APISIX's plugin server-info.
import { APISIX_VERSION } from '../../server/apisix-version.ts'
import { json, type LocalAnswer } from '../../server/index.ts'
import type { Identity } from '../registration.ts'
import type { ControlApiSources } from './sources.ts'

export interface ServerInfo {
  readonly id: string
  readonly hostname: string
  /** Of the APISIX whose behaviour this is: tools decide by it what they may ask for. */
  readonly version: string
  /** Unix time in seconds. */
  readonly boot_time: number
  readonly etcd_version: string
}

export function serverInfoOf({ id, hostname, boot_time }: Identity): ServerInfo {
  return { id, hostname, version: APISIX_VERSION, boot_time, etcd_version: 'unknown' }
}

export function showServer({ identity }: ControlApiSources): LocalAnswer {
  return json(200, serverInfoOf(identity))
}
