// The process of an MCP server. It ends with its session, whatever it does about it.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** Milliseconds from the end of its input until it is killed. */
const graceMs = 200

/** The gateway's environment may hold secrets, which are none of an MCP server's business. */
const passedVariables = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']

const running = new Set<Child>()

export class ServerProcess {
  readonly #child: Child
  #isStopped = false

  private constructor(child: Child) {
    this.#child = child
    // Writing to a process that is gone is no news: its end is told by `onceClosed`.
    child.stdin.on('error', () => {})
    child.on('error', () => {})
    running.add(child)
    child.once('exit', () => {
      running.delete(child)
      // What it started goes with it.
      killGroup(child)
    })
  }

  /** Rejects when there is no such command. */
  static async start(command: string, args: readonly string[]): Promise<ServerProcess> {
    const env = Object.fromEntries(passedVariables.map((name) => [name, process.env[name]]))
    // A group of its own can be killed as a whole: commands such as npx are only the first of several processes.
    const child = spawn(command, args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    return new ServerProcess(child)
  }

  get output(): Readable {
    return this.#child.stdout
  }

  get errors(): Readable {
    return this.#child.stderr
  }

  /** Bytes that were written and not yet taken. */
  get unreadBytes(): number {
    return this.#child.stdin.writableLength
  }

  /** False when it no longer listens. */
  write(text: string): boolean {
    if (this.#isStopped || !this.#child.stdin.writable) return false
    this.#child.stdin.write(text)
    return true
  }

  /** It has ended and all of its output was read. */
  onceClosed(then: () => void): void {
    this.#child.once('close', then)
  }

  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#child.stdin.end()
    this.#child.stdout.destroy()
    this.#child.stderr.destroy()
    if (running.has(this.#child)) setTimeout(killGroup, graceMs, this.#child).unref()
  }
}

function killGroup({ pid }: Child): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // There is nobody left.
  }
}

process.once('exit', () => {
  for (const child of running) killGroup(child)
})
