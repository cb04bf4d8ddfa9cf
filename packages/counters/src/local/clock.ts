// A clock that all threads of the process read alike and that nobody sets back.

// performance.now() counts from the start of its own thread; process.hrtime() counts from one moment for all.
const [seconds, nanoseconds] = process.hrtime()
const offsetMs = seconds * 1e3 + nanoseconds / 1e6 - performance.now()

/** Milliseconds since some moment before the process began, the same moment in every thread. */
export function monotonicMs(): number {
  return offsetMs + performance.now()
}
