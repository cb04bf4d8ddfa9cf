// Both planes on this machine with their state in one folder: what the quick start and `pnpm dev` run.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { leash, until } from '@weir/testkit'
import { localConfig } from './local-config.ts'

const root = join(import.meta.dirname, '..')

export interface LocalGateway {
  readonly adminUrl: string
  readonly proxyUrl: string
  readonly adminKey: string
  readonly adminKeyFile: string
  /** The exit status of the gateway's process. */
  readonly exited: Promise<number>
  signal(name: NodeJS.Signals): void
}

export interface LocalGatewayOptions {
  readonly stateDirectory: string
  /** Restarts the gateway whenever a source file is saved. */
  readonly watch?: boolean
}

const startTimeoutMs = 30_000

/** Starts the gateway in the foreground's output and waits until it is ready; rejects when it ends before. */
export async function startLocalGateway(options: LocalGatewayOptions): Promise<LocalGateway> {
  const { stateDirectory, watch = false } = options
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
  const adminKeyFile = join(stateDirectory, 'admin.key')
  const configFile = join(stateDirectory, 'config.yaml')
  const adminKey = await readOrCreate(adminKeyFile, () => `${randomBytes(24).toString('base64url')}\n`)
  await readOrCreate(configFile, () => localConfig)

  const status = `http://127.0.0.1:${portOf('WEIR_STATUS_PORT', 7085)}/status/ready`
  if (await answers(status)) throw new Error(`another gateway runs here already: ${status} answers`)
  const main = join(root, 'packages/weir/src/main.js')
  const args = [...(watch ? ['--watch', '--watch-preserve-output'] : []), main, 'start', '-c', configFile]
  // In a group of its own, so that Ctrl-C reaches it once: through `signal`.
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, WEIR_STATE_DIR: stateDirectory, WEIR_ADMIN_KEY: adminKey.trim() },
  })
  leash(child)
  let ended = false
  const exited = new Promise<number>((resolve) => {
    child.once('error', (error) => {
      console.error(error.message)
      resolve(1)
    })
    child.once('exit', (code) => {
      ended = true
      resolve(code ?? 1)
    })
  })
  await until(async () => ended || (await answers(status)), { timeoutMs: startTimeoutMs, what: status })
  if (ended) throw new Error(`the gateway ended with status ${await exited}; its reason is above`)
  return {
    adminUrl: `http://127.0.0.1:${portOf('WEIR_ADMIN_PORT', 9180)}`,
    proxyUrl: `http://127.0.0.1:${portOf('WEIR_PROXY_PORT', 9080)}`,
    adminKey: adminKey.trim(),
    adminKeyFile,
    exited,
    signal: (name) => void child.kill(name),
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1000) })).ok
  } catch {
    return false
  }
}

/** A port named by an environment variable, which the configuration reads too. */
export function portOf(variable: string, fallback: number): number {
  const text = process.env[variable]
  if (text === undefined || text === '') return fallback
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`${variable} is no port: ${text}`)
  return port
}

async function readOrCreate(file: string, create: () => string): Promise<string> {
  if (!existsSync(file)) await writeFile(file, create(), { mode: 0o600, flag: 'wx' })
  return readFile(file, 'utf8')
}
