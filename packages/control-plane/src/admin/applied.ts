// `?wait=applied`: the answer to a write comes when every data plane has applied it, so that a script that changes
// the configuration knows when the change is in force.
import {
  DATA_PLANES,
  type DataPlaneState,
  parseDataPlane,
  PROGRESS_QUESTION,
  StoreUnavailableError,
} from '@weir/config-store'
import type { Reply } from '../http/reply.ts'
import { parseDocument } from '../view/document.ts'
import type { Admin } from './admin.ts'

export interface Wait {
  readonly timeoutMs: number
}

const TIMEOUT_MS_DEFAULT = 2_000
const TIMEOUT_MS_MAX = 60_000
const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1_000, '': 1_000 }

/** Undefined when the caller does not want to wait. */
export function waitOf(query: URLSearchParams): Wait | { readonly complaint: string } | undefined {
  const what = query.get('wait')
  if (what === null) return undefined
  if (what !== 'applied') return { complaint: 'invalid argument wait: should be applied' }
  const text = query.get('timeout')
  if (text === null) return { timeoutMs: TIMEOUT_MS_DEFAULT }
  const [, number = '', unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s)?$/.exec(text) ?? []
  const timeoutMs = Number(number) * (MS_PER_UNIT[unit] ?? 0)
  if (timeoutMs <= 0 || timeoutMs > TIMEOUT_MS_MAX) {
    return { complaint: 'invalid argument timeout: should be a time of at most 60s, such as 2s or 500ms' }
  }
  return { timeoutMs }
}

/**
 * The answer to a write, with what became of it in the data planes. 202 stands for: stored, but not in force
 * everywhere. The write itself is never undone.
 */
export async function afterApplied(written: Reply, { timeoutMs }: Wait, admin: Admin): Promise<Reply> {
  const body = typeof written.json === 'string' ? parseDocument(written.json) : undefined
  if (written.status > 201 || body === undefined) return written
  const key = typeof body['key'] === 'string' ? body['key'].slice(admin.store.prefix.length) : ''
  const progress = await progressOf(timeoutMs, admin)
  const planes = progress.planes.map(({ id, hostname, revision, rejected }) => {
    const rejection = rejected.find((one) => one.key === key)
    const rest = rejection === undefined ? {} : { rejected: rejection.error }
    return { id, hostname, revision, applied: revision >= (progress.revision ?? Infinity), ...rest }
  })
  const result = progress.revision === undefined ? 'unknown' : resultOf(planes)
  const { revision, problem } = progress
  const applied = { result, revision, data_planes: planes, ...problem }
  return {
    ...written,
    status: result === 'applied' ? written.status : 202,
    json: JSON.stringify({ ...body, applied }),
    headers: { ...written.headers, 'X-Weir-Applied': result },
  }
}

/** Besides these, `unknown`: the data planes could not be asked. */
type Result = 'applied' | 'timeout' | 'rejected' | 'no-data-plane'

interface PlaneResult {
  readonly applied: boolean
  /** Why this data plane cannot use the document. */
  readonly rejected?: string
}

function resultOf(planes: readonly PlaneResult[]): Result {
  if (planes.length === 0) return 'no-data-plane'
  if (planes.some(({ applied }) => !applied)) return 'timeout'
  return planes.some(({ rejected }) => rejected !== undefined) ? 'rejected' : 'applied'
}

interface Progress {
  /** What a data plane must have applied; later than the write. Undefined when nobody could be asked. */
  readonly revision: number | undefined
  readonly planes: readonly DataPlaneState[]
  readonly problem: { readonly error_msg?: string }
}

/** Asks all data planes how far they are, and waits until those that live have told. */
async function progressOf(timeoutMs: number, { store, view }: Admin): Promise<Progress> {
  const until = performance.now() + timeoutMs
  try {
    const asked = await Promise.race([store.put(PROGRESS_QUESTION, '{}'), nothingAfter(timeoutMs)])
    if (asked === undefined) return unasked(view, 'the store did not answer in time')
    const { revision } = asked
    const allTold = () => dataPlanes(view).every((plane) => plane.revision >= revision)
    await view.until(allTold, revision, Math.max(0, until - performance.now()))
    return { revision, planes: dataPlanes(view), problem: {} }
  } catch (error) {
    if (error instanceof StoreUnavailableError) return unasked(view, error.message)
    throw error
  }
}

function unasked(view: Admin['view'], error_msg: string): Progress {
  return { revision: undefined, planes: dataPlanes(view), problem: { error_msg } }
}

function nothingAfter(ms: number): Promise<undefined> {
  return new Promise((resolve) => void setTimeout(resolve, ms, undefined).unref())
}

/** The directory in which the view has them. */
const [, DIRECTORY = ''] = DATA_PLANES.split('/')

function dataPlanes(view: Admin['view']): readonly DataPlaneState[] {
  const documents = view.directory(DIRECTORY).byKey()
  return documents
    .filter(({ key }) => key.startsWith(DATA_PLANES))
    .flatMap(({ value }) => parseDataPlane(value) ?? [])
}
