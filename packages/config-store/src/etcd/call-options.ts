// What accompanies a call to etcd besides its message: a deadline, and headers that etcd3 has no option for.
import { type CallOptions, grpc, type Interceptor } from './grpc.ts'

/**
 * What etcd says to a token that it does not know (expired, or etcd was restarted), rewritten. etcd3 looks for the
 * original text and then repeats the call with the same token, without pause, for as long as the deadline allows.
 */
const TOKEN_REFUSED = 'the token was refused'
const TOKEN_REFUSALS = ['invalid auth token', 'revision of auth store is old', 'token is not provided']

/** A refusal that a new token may cure. Nothing was executed. */
export function isTokenRefusal(error: Error): boolean {
  return error.message.includes(TOKEN_REFUSED)
}

/** Options for one call; without a deadline for streams. */
export function callOptions(
  deadline: number | undefined,
  headers: Readonly<Record<string, string>>,
): CallOptions {
  return { ...(deadline !== undefined && { deadline }), interceptors: [sendHeaders(headers)] }
}

function sendHeaders(headers: Readonly<Record<string, string>>): Interceptor {
  return (options, nextCall) =>
    new grpc.InterceptingCall(nextCall(options), {
      start(metadata, _outer, next) {
        for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
        next(metadata, {
          onReceiveStatus(status, nextStatus) {
            const refused = TOKEN_REFUSALS.some((text) => status.details.includes(text))
            nextStatus(refused ? { ...status, details: TOKEN_REFUSED } : status)
          },
        })
      },
    })
}
