// A program started for a test: ready when it says so, its output kept, and gone when the test process is.
import { spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { rawRequest } from '../http/client.ts'
import { freezeProcess } from './freeze.ts'
import { leash } from './leash.ts'

export interface ProcessOptions {
  readonly command: string
  readonly args?: readonly string[]
  readonly cwd?: string
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** All that are given must hold before the process counts as ready. */
  readonly ready?: {
    /** GET of this URL answers with a status for which `accepts` is true (default: 200). */
    readonly url?: string
    readonly accepts?: (status: number) => boolean
    /** A line of its output matches. */
    readonly output?: RegExp
    /** Default 30 s. */
    readonly timeoutMs?: number
  }
}

export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunningProcess {
  readonly pid: number
  /** Standard output so far; the newest 4 MiB. */
  readonly stdout: string
  readonly stderr: string
  /** Undefined while it runs. */
  readonly exit: ProcessExit | undefined
  readonly exited: Promise<ProcessExit>
  signal(name: NodeJS.Signals): void
  /** SIGSTOP; returns when nothing of it runs. SIGCONT ends it. */
  freeze(): Promise<void>
  /** Sends SIGTERM (or `signal`), after `graceMs` (default 10 s) SIGKILL, and waits for the end. */
  stop(options?: { signal?: NodeJS.Signals; graceMs?: number }): Promise<ProcessExit>
}

const outputCharsMax = 4 * 1024 * 1024

/** Rejects, with what the program wrote, when it ends or stays unready instead; it is not left running then. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { command, args = [], cwd, env, ready } = options
  const child = spawn(command, args, {
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  leash(child)
  let stdout = ''
  let stderr = ''
  let exit: ProcessExit | undefined
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(-outputCharsMax)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-outputCharsMax)
  })
  const exited = new Promise<ProcessExit>((resolve) => {
    // `close` comes after the last output, but never for a program that could not be started.
    child.once('error', (error) => {
      stderr += String(error)
      resolve((exit = { code: null, signal: null }))
    })
    child.once('close', (code, signal) => resolve((exit = { code, signal })))
  })

  const running: RunningProcess = {
    pid: child.pid ?? 0,
    get stdout() {
      return stdout
    },
    get stderr() {
      return stderr
    },
    get exit() {
      return exit
    },
    exited,
    signal: (name) => void child.kill(name),
    freeze: () => freezeProcess(running.pid),
    stop: async ({ signal = 'SIGTERM', graceMs = 10_000 } = {}) => {
      if (exit) return exit
      child.kill(signal)
      const kill = setTimeout(() => child.kill('SIGKILL'), graceMs)
      try {
        return await exited
      } finally {
        clearTimeout(kill)
      }
    },
  }
  if (ready) await waitUntilReady(running, ready, `${command} ${args.join(' ')}`)
  return running
}

async function waitUntilReady(
  running: RunningProcess,
  {
    url,
    accepts = (status) => status === 200,
    output,
    timeoutMs = 30_000,
  }: NonNullable<ProcessOptions['ready']>,
  what: string,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const failure = running.exit
      ? `ended with ${running.exit.code ?? running.exit.signal ?? 'an error'}`
      : performance.now() > deadline && `was not ready within ${timeoutMs} ms`
    if (failure) {
      await running.stop({ signal: 'SIGKILL' })
      throw new Error(`${what} ${failure}\n${running.stdout.slice(-4000)}\n${running.stderr.slice(-4000)}`)
    }
    const said = !output || output.test(running.stdout) || output.test(running.stderr)
    if (said && (!url || (await answers(url, accepts)))) return
    await pause(10)
  }
}

async function answers(url: string, accepts: (status: number) => boolean): Promise<boolean> {
  const { hostname, port, pathname, search } = new URL(url)
  const path = pathname + search
  const { status } = await rawRequest({ host: hostname, port: Number(port), path, timeoutMs: 2000 })
  return status !== 0 && accepts(status)
}
