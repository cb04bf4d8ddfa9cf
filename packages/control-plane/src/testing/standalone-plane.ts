// A control plane of the standalone mode with all plugins, for one test file.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StandaloneStore } from '@weir/config-store/standalone'
import { parseSettings } from '@weir/contract'
import { plugins } from '@weir/plugins'
import { type ControlPlane, startStandaloneControlPlane } from '../index.ts'
import { testSettings } from './test-plane.ts'

export interface StandaloneTestPlane {
  readonly plane: ControlPlane
  readonly store: StandaloneStore
  close(): Promise<void>
}

export async function startStandaloneTestPlane(): Promise<StandaloneTestPlane> {
  const store = new StandaloneStore()
  const plane = await startStandaloneControlPlane({
    settings: parseSettings(testSettings, {}),
    store,
    plugins,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    keyFile: join(tmpdir(), 'weir-test-key-that-is-never-made'),
    product: 'Weir/test',
  })
  return {
    plane,
    store,
    async close() {
      await plane.close()
      await store.close()
    },
  }
}
