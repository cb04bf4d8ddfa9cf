import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeConfigStore } from '../conformance/suite.ts'
import type { ConfigStore } from '../store.ts'
import { createEmbeddedStore } from './embedded-store.ts'

describeConfigStore('The embedded store', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weir-embedded-'))
  const paths = new Map<ConfigStore, string>()
  const open = (path: string, historyRevisionsMax?: number) => {
    const store = createEmbeddedStore({ path, ...(historyRevisionsMax && { historyRevisionsMax }) })
    paths.set(store, path)
    return store
  }
  const pathOf = (store: ConfigStore) => paths.get(store) ?? ''
  return {
    openEmpty: async () => open(join(directory, `${paths.size}.db`)),
    openAgain: async (store) => open(pathOf(store)),
    async compact(store) {
      const forgetful = open(pathOf(store), 1)
      await forgetful.put('/compacted', '')
      await forgetful.close()
    },
    close: () => rm(directory, { recursive: true, force: true }),
  }
})
