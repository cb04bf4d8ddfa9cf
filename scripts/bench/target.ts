// What is measured: a proxy under load, in a process tree of its own.

export interface Target {
  readonly name: string
  readonly port: number
  /** The root of its process tree. */
  readonly pid: number
  stop(): Promise<void>
}
