// The entry of the thread in which Comprehend's official client runs.
import { setDefaultCACertificates } from 'node:tls'
import { parentPort, workerData } from 'node:worker_threads'
import {
  ComprehendClient,
  ComprehendServiceException,
  DetectToxicContentCommand,
  type ToxicLabels,
} from '@aws-sdk/client-comprehend'
import type { Answer, Question, ThreadData } from './comprehend.ts'
import type { Toxicity } from './toxicity.ts'

const socketsMax = 50

if (!parentPort) throw new Error('this module runs in a worker thread')
const main = parentPort
// Only `comprehend.ts` starts this module.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
setDefaultCACertificates((workerData as ThreadData).certificates)
const clients = new Map<number, ComprehendClient>()

main.on('message', (question: Question) => {
  if ('segments' in question) {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
    void answer(question).then((said) => main.postMessage(said))
    return
  }
  clients.get(question.close)?.destroy()
  clients.delete(question.close)
})

async function answer(question: Extract<Question, { segments: unknown }>): Promise<Answer> {
  const { id, segments, settings } = question
  const command = new DetectToxicContentCommand({
    LanguageCode: 'en',
    TextSegments: segments.map((Text) => ({ Text })),
  })
  const abortSignal = AbortSignal.timeout(settings.timeoutMs)
  try {
    const { ResultList = [] } = await clientFor(question).send(command, { abortSignal })
    return { id, results: ResultList.flatMap((one) => toToxicity(one) ?? []) }
  } catch (error) {
    return { id, error: abortSignal.aborted ? `no answer within ${settings.timeoutMs} ms` : reasonOf(error) }
  }
}

function clientFor({ client: key, settings }: Extract<Question, { segments: unknown }>): ComprehendClient {
  const known = clients.get(key)
  if (known) return known
  const { keepAliveMs } = settings
  const sockets = {
    maxSockets: socketsMax,
    keepAlive: keepAliveMs !== undefined,
    ...(keepAliveMs !== undefined && { timeout: keepAliveMs }),
  }
  const client = new ComprehendClient({
    region: settings.region,
    credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
    endpoint: settings.endpoint,
    maxAttempts: 1,
    requestHandler: {
      httpAgent: sockets,
      httpsAgent: { ...sockets, rejectUnauthorized: settings.verifyCertificate },
    },
  })
  clients.set(key, client)
  return client
}

/** Undefined when a score is missing: what was not judged is not harmless. */
function toToxicity({ Labels, Toxicity: toxicity }: ToxicLabels): Toxicity | undefined {
  if (toxicity === undefined || !Labels) return undefined
  const labels: Toxicity['labels'][number][] = []
  for (const { Name: name = '', Score: score } of Labels) {
    if (score === undefined) return undefined
    labels.push({ name, score })
  }
  return { toxicity, labels }
}

/** What the service says of itself; of anything else its kind alone, for a parser quotes what it parses. */
function reasonOf(error: unknown): string {
  if (error instanceof ComprehendServiceException) return `${error.name}: ${error.message}`
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
