// Parsing YAML takes 100 ms for some 500 routes, in which nothing else would be served: long texts are parsed by a
// thread of their own.
import { Worker } from 'node:worker_threads'
import {
  type Environment,
  type ReadConfiguration,
  readConfiguration,
  readYaml,
  type ReadYaml,
} from '@weir/contract'

/** Parsing so many characters takes about 5 ms; a thread starts in 100. */
const LONG = 4_096

/** `readYaml`, for texts of any length. */
export async function readAnyYaml(text: string): Promise<ReadYaml> {
  return text.length <= LONG ? readYaml(text) : inThread<ReadYaml>({ text, env: undefined })
}

/** `readConfiguration` of apisix.yaml, for texts of any length. */
export async function readAnyYamlFile(text: string, env: Environment): Promise<ReadConfiguration> {
  if (text.length <= LONG) return readConfiguration(text, 'yaml', env)
  return inThread<ReadConfiguration>({ text, env: { ...env } })
}

/** What a thread is given. With `env`, the text is a configuration file in which that stands for `${{VAR}}`. */
export interface YamlTask {
  readonly text: string
  readonly env: Environment | undefined
}

type Read = ReadYaml | ReadConfiguration

/** The value as JSON, which travels at less cost than what it stands for. */
export type YamlAnswer = Exclude<Read, { readonly ok: true }> | { readonly ok: true; readonly json: string }

async function inThread<R extends Read>(task: YamlTask): Promise<R> {
  const worker = new Worker(new URL('./yaml-thread.ts', import.meta.url), { workerData: task })
  try {
    const answer = await new Promise<YamlAnswer>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (code) => reject(new Error(`the thread that parses YAML ended with ${code}`)))
    })
    // The thread does the same as the functions above.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return (answer.ok ? { ok: true, value: JSON.parse(answer.json) as unknown } : answer) as R
  } finally {
    await worker.terminate()
  }
}
