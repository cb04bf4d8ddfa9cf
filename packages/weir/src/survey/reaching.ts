// What can keep anybody from reading a source or writing a target.
import { StoreUnavailableError } from '@weir/config-store'
import { Unreachable } from '../exit-status.ts'

/** Says `what` could not be done when a store is away: `cannot read etcd ...`. */
export async function reaching<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error
    throw new Unreachable(`${what}: ${error.message}`, { cause: error })
  }
}
