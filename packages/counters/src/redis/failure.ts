// Why a call to Redis failed, in words that never hold a secret: errors of the client carry the arguments of the
// command that failed, AUTH's too.

export interface Failure {
  readonly reason: string
  /** The connection is of no use any more: broken, or to a server that cannot serve now. */
  readonly isFinal: boolean
}

/** First words of error replies after which another connection may find a better server, or a better moment. */
const serverStates = new Set([
  'READONLY',
  'LOADING',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'NOAUTH',
  'WRONGPASS',
])

export function describeFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { reason: 'failed', isFinal: true }
  if (error.name === 'ReplyError') {
    const word = /^[A-Z]+/.exec(error.message)?.[0] ?? 'ERR'
    return { reason: `answered ${word}`, isFinal: serverStates.has(word) }
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { reason: code ?? 'connection lost', isFinal: true }
}

/** A script that this server does not know (yet, or since it restarted). */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}
