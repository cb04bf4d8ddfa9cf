// Writes a configuration straight to etcd, many keys at a time, as a restored backup would come.
import { Etcd3 } from 'etcd3'

/** etcd takes 128 operations in a transaction (its --max-txn-ops). */
const KEYS_PER_TRANSACTION = 128

export async function seedEtcd(
  url: string,
  prefix: string,
  entries: Iterable<readonly [string, string]>,
): Promise<void> {
  const etcd = new Etcd3({ hosts: url })
  try {
    let puts: { request_put: { key: Buffer; value: Buffer } }[] = []
    for (const [key, value] of entries) {
      puts.push({ request_put: { key: Buffer.from(prefix + key), value: Buffer.from(value) } })
      if (puts.length < KEYS_PER_TRANSACTION) continue
      await etcd.kv.txn({ success: puts })
      puts = []
    }
    if (puts.length > 0) await etcd.kv.txn({ success: puts })
  } finally {
    etcd.close()
  }
}
