// The thread that parses one long configuration file.
import { parentPort, workerData } from 'node:worker_threads'
import { type FileText, readDocuments } from './read-documents.ts'

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `readAnyDocuments` starts this thread with one
const task = workerData as FileText
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
parentPort?.postMessage(readDocuments(task))
