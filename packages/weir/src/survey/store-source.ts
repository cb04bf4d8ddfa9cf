// A store as a source.
import { isPlaceholder, type ScannableStore } from '@weir/config-store'
import type { Source } from './source.ts'

export function createStoreSource(store: ScannableStore, description: string): Source {
  return {
    description,
    withholdsKeys: false,
    async count() {
      for await (const { left } of store.scan('/')) return left
      return 0
    },
    async *read(directory) {
      for await (const { entries } of store.scan(`/${directory}/`)) {
        yield entries.filter(({ key }) => !isPlaceholder(key))
      }
    },
    has: async (key) => (await store.get(key)).entry !== undefined,
    pluginList: async () => (await store.get('/plugins')).entry,
    close: () => store.close(),
  }
}
