// Holds a request back for a while.
import { timerMsMax } from '@weir/contract'

/** Resolves after so many seconds. */
export function delay(seconds: number): Promise<undefined> {
  return new Promise(
    (resolve) => void setTimeout(() => resolve(undefined), Math.min(seconds * 1000, timerMsMax)),
  )
}
