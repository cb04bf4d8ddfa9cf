// A real Redis for one test run, on a free port and without any file that outlives it.
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../process/index.ts'
import { dataRoot } from './data-root.ts'
import { createRestartable, type Restartable, startOnFreePort } from './restartable.ts'

export interface RedisOptions {
  /** More command line, such as `['--requirepass', 'x']`. */
  readonly args?: readonly string[]
}

/** Nothing is written to disk: after a kill and a restart it is empty. */
export interface Redis extends Restartable {
  /** `redis://127.0.0.1:PORT`. The port never changes. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Ends the process and removes its directory. */
  stop(): Promise<void>
}

export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const directory = await mkdtemp(join(dataRoot, 'weir-redis-'))
  try {
    return await startOnFreePort(async () => createRedis(directory, await freePort(), options))
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

function createRedis(directory: string, port: number, options: RedisOptions): Redis {
  const host = '127.0.0.1'
  const fixed = [
    '--port',
    String(port),
    '--bind',
    host,
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'no',
  ]
  const server = createRestartable(
    {
      command: 'redis-server',
      args: [...fixed, ...(options.args ?? [])],
      ready: { output: /Ready to accept connections/ },
    },
    'Install Redis 6 or newer (Debian and Ubuntu: apt-get install redis-server).',
  )
  return {
    ...server,
    url: `redis://${host}:${port}`,
    host,
    port,
    async stop() {
      await server.kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
