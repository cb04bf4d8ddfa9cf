// A repetition that keeps its rhythm when it is told the same interval again, so that edits do not put probes off.
import { timerMsMax } from '@weir/contract'

const jitterMsMax = 100

export class Ticker {
  #seconds: number | undefined
  #timer: NodeJS.Timeout | undefined
  #work: () => void = () => undefined

  /** The first time after one interval, then a little later on some nodes than on others. Undefined stops it. */
  every(seconds: number | undefined, work: () => void): void {
    this.#work = work
    if (seconds === this.#seconds) return
    this.stop()
    this.#seconds = seconds
    if (seconds === undefined) return
    const jitterMs = Math.random() * Math.min(jitterMsMax, seconds * 100)
    this.#timer = setInterval(() => this.#work(), Math.min(seconds * 1000 + jitterMs, timerMsMax)).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#seconds = undefined
  }
}
