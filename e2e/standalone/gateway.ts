// A gateway whose configuration is a file: the file is edited as in the recordings, and looked at by the gateway before
// a call is made.
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { plugins } from '@weir/plugins'
import { until } from '@weir/testkit'
import { startWeir, type Weir, type WeirOptions } from '../world/weir.ts'
import { recordedKeys } from './rows.ts'

/** All plugins of the build, and those that stand in for others in the recordings. */
export const allPlugins = [
  ...plugins.map(({ name }) => name),
  fileURLToPath(new URL('stand-ins.ts', import.meta.url)),
]

export interface FileGateway extends Weir {
  /** Gives the file this text, or removes it; returns when the gateway has seen it. */
  edit(text: string | undefined): Promise<void>
}

export interface FileGatewayOptions {
  readonly format: 'yaml' | 'json'
  /** Undefined: there is no file at the start. */
  readonly text?: string | undefined
  readonly env?: Readonly<Record<string, string>>
  /** Default: data_plane. */
  readonly deployment?: WeirOptions['deployment']
  readonly apisix?: WeirOptions['apisix']
}

/** By then the gateway has looked several times, and found nothing that it would speak of again. */
const UNSEEN_MS = 700

export async function startFileGateway(options: FileGatewayOptions): Promise<FileGateway> {
  const { format, text, env = {}, apisix } = options
  const name = `apisix.${format}`
  const weir = await startWeir({
    deployment: options.deployment ?? {
      role: 'data_plane',
      role_data_plane: { config_provider: format },
      admin: { admin_key: recordedKeys },
    },
    plugins: allPlugins,
    files: text === undefined ? {} : { [name]: text },
    env,
    ...(apisix && { apisix }),
    awaitReady: text !== undefined,
  })
  const path = join(weir.directory, name)
  const state = async () => {
    const { revision } = (await (await fetch(`http://127.0.0.1:${weir.controlPort}/v1/config`)).json()) as {
      readonly revision: number
    }
    return `${revision} ${weir.process.stderr.match(/the configuration file/g)?.length}`
  }
  return {
    ...weir,
    async edit(next) {
      const before = await state()
      if (next === undefined) await rm(path)
      else {
        // In one step, so that no half of it is seen.
        await writeFile(`${path}.next`, next)
        await rename(`${path}.next`, path)
      }
      await until(async () => (await state()) !== before, { timeoutMs: UNSEEN_MS }).catch(() => undefined)
    },
  }
}
