// The thread that says what is wrong with one long text that is no JSON object.
import { parentPort, workerData } from 'node:worker_threads'
import { isJsonObject } from '@weir/contract'
import { parseJson } from '../http/body.ts'
import type { Judged } from './read-body.ts'

function judge(bytes: Uint8Array): Judged {
  const parsed = parseJson(Buffer.from(bytes))
  return parsed.ok ? { ok: true, isObject: isJsonObject(parsed.value) } : parsed
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
if (workerData instanceof Uint8Array) parentPort?.postMessage(judge(workerData))
