// From the settings to the check of keys, making the first key when there is none.
import type { Settings } from '@weir/contract'
import type { Logger } from '@weir/telemetry'
import { checkKeys, withoutKeys, type AdminKey, type KeyCheck } from './admin-keys.ts'
import { firstKey } from './key-file.ts'

type AdminSettings = Settings['deployment']['admin']

/**
 * @param keyFile where a key is kept for every role admin that was given an empty one. The settings file itself is
 *   never written (contract: admin-api.md §1.1 says how APISIX does, which loses comments and references).
 */
export async function openKeys(
  { admin_key: given, admin_key_required: required }: AdminSettings,
  keyFile: string,
  log: Logger,
): Promise<KeyCheck> {
  if (!required || given === undefined) {
    log.warn('the Admin API asks for no key; set deployment.admin.admin_key and admin_key_required')
    return withoutKeys
  }
  const keys: AdminKey[] = []
  for (const one of given) {
    if (one.key !== '' || one.role !== 'admin') keys.push(one)
    else {
      keys.push({ ...one, key: await firstKey(keyFile) })
      log.info('the admin key is in a file', { file: keyFile })
    }
  }
  return checkKeys(keys)
}
