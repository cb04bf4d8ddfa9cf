// Who this gateway is (etcd.md §7), in the form of APISIX's plugin server-info.
import { APISIX_VERSION } from '../../server/apisix-version.ts'
import { json, type LocalAnswer } from '../../server/index.ts'
import type { ControlApiSources } from './sources.ts'

/** The version is that of the APISIX whose behaviour this is: tools decide by it what they may ask for. */
export function showServer({ identity, etcdVersion }: ControlApiSources): LocalAnswer {
  const { id, hostname, boot_time } = identity
  return json(200, { id, hostname, version: APISIX_VERSION, boot_time, etcd_version: etcdVersion() })
}
