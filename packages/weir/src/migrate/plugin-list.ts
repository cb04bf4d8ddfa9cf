// The list of enabled plugins, which a store keeps under `/plugins` and every data plane obeys (etcd.md §1).
import type { StoreEntry } from '@weir/config-store'
import { knownPlugin } from '@weir/contract'
import { parsePluginList } from '@weir/data-plane/check'
import { plugins } from '@weir/plugins'
import type { Surveyed } from '../survey/survey.ts'

export function surveyPluginList(entry: StoreEntry): Surveyed {
  const names = parsePluginList(entry.value)
  if (names === 'malformed') {
    const reasons = ['it is not a list of plugins']
    const assessment = { verdict: 'refused', reasons, differences: [], notes: [], fault: 'invalid' } as const
    return { entry, assessment, plain: undefined }
  }
  const own = plugins.map(({ name }) => name).filter((name) => knownPlugin(name) === undefined)
  const off = own.filter((name) => !names.includes(name))
  const notes = off.length === 0 ? [] : [`it leaves plugins of Weir's own switched off: ${off.join(', ')}`]
  return {
    entry,
    assessment: { verdict: 'runs', reasons: [], differences: [], notes, fault: undefined },
    plain: undefined,
  }
}
