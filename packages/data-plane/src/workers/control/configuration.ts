// How far this data plane and the others have come, and what they could not use.
import { DATA_PLANES, parseDataPlane } from '@weir/config-store'
import { json, type LocalAnswer } from '../../server/index.ts'
import type { ControlApiSources } from './sources.ts'

/** `data_planes` is what each of them last told the store, at most ten seconds ago; the rest is as of now. */
export function showConfiguration({ identity, feed, applied, store }: ControlApiSources): LocalAnswer {
  const workers = applied()
  const { reachable, lastError } = store()
  return json(200, {
    ...identity,
    revision: feed.revision,
    store: { reachable, last_error: lastError },
    workers: workers.map(({ revision }, id) => ({ id, revision })),
    rejected:
      workers[0]?.rejected.map(({ inForce, ...rejection }) => ({ ...rejection, in_force: inForce })) ?? [],
    data_planes: feed.entries
      .filter(({ key }) => key.startsWith(DATA_PLANES))
      .flatMap(({ value }) => parseDataPlane(value) ?? []),
  })
}
