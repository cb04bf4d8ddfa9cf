// The thread that writes one long configuration as YAML.
import { parentPort, workerData } from 'node:worker_threads'
import { writeYaml } from '@weir/contract'

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
parentPort?.postMessage(writeYaml(JSON.parse(String(workerData))))
