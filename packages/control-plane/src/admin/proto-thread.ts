// The thread that reads one long proto.
import { parentPort, workerData } from 'node:worker_threads'
import { complaintAbout } from './proto-content.ts'

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
parentPort?.postMessage(complaintAbout(String(workerData)))
