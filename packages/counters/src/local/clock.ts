// A clock that all threads of the process read alike and that nobody sets back.

// performance.now() counts from the start of its own thread; process.hrtime() counts from one moment for all.
const [seconds, nanoseconds] = process.hrtime()
const offsetMs = seconds * 1e3 + nanoseconds / 1e6 - performance.now()

/**
 * Milliseconds since some moment before the process began, the same moment in every thread. In steps of 1/1024, so
 * that adding a whole number and taking it away again is exact: a window of 60 s that opens now has 60 s left.
 */
export function monotonicMs(): number {
  return Math.floor((offsetMs + performance.now()) * 1024) / 1024
}
