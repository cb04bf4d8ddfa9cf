// The list of enabled plugins that a control plane keeps in the store under `/plugins` (etcd.md §1).
import { isJsonObject } from '@weir/contract'

/** The names in `[{"name":"x"},{"name":"y","stream":true}]`, those for streams left out (etcd.md §1). */
export function parsePluginList(text: string): readonly string[] | 'malformed' {
  try {
    const list: unknown = JSON.parse(text)
    if (!Array.isArray(list)) return 'malformed'
    return list.flatMap((item: unknown) =>
      isJsonObject(item) && typeof item['name'] === 'string' && item['stream'] !== true ? [item['name']] : [],
    )
  } catch {
    return 'malformed'
  }
}
