// The thread that parses one long YAML text.
import { parentPort, workerData } from 'node:worker_threads'
import { readYaml, withoutNulls } from '@weir/contract'
import type { ReadAnyYaml } from './any-yaml.ts'

function answer(text: string): ReadAnyYaml {
  const read = readYaml(text)
  return read.ok ? { ok: true, json: JSON.stringify(withoutNulls(read.value)) } : read
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
parentPort?.postMessage(answer(String(workerData)))
