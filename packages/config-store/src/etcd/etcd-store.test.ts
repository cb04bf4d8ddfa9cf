import { startEtcd } from '@weir/testkit'
import { describeConfigStore } from '../conformance/suite.ts'
import { createEtcdStore } from './etcd-store.ts'

describeConfigStore('The store in etcd', async () => {
  const etcd = await startEtcd()
  let regions = 0
  const open = (prefix: string) => createEtcdStore({ host: [etcd.url], prefix, timeout: 20 })
  return {
    openEmpty: async () => open(`/region-${++regions}`),
    openAgain: async ({ prefix }) => open(prefix),
    compact: () => etcd.compact(),
    close: () => etcd.stop(),
  }
})
