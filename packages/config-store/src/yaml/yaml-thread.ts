// The thread that parses one long YAML text.
import { parentPort, workerData } from 'node:worker_threads'
import { readConfiguration, readYaml } from '@weir/contract'
import type { YamlAnswer, YamlTask } from './read-any-yaml.ts'

function answer({ text, env }: YamlTask): YamlAnswer {
  const read = env ? readConfiguration(text, 'yaml', env) : readYaml(text)
  return read.ok ? { ok: true, json: JSON.stringify(read.value) } : read
}

// Whoever starts the thread gives it a task; a port of a thread has no origin.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion unicorn/require-post-message-target-origin
parentPort?.postMessage(answer(workerData as YamlTask))
