// Holds a request back for a while.

/** Resolves after so many seconds. */
export function delay(seconds: number): Promise<undefined> {
  return new Promise((resolve) => void setTimeout(() => resolve(undefined), seconds * 1000))
}
