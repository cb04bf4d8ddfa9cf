// /status and /status/ready: whether this process is alive, and whether it may be sent traffic (etcd.md §8).
import { type LocalAnswer, type LocalServer, notFoundPage, startLocalServer } from './local-server.ts'

/** `unready`: the first worker that has no configuration yet; undefined when all have. */
export function startStatusServer(
  address: { readonly ip: string; readonly port: number },
  unready: () => number | undefined,
): Promise<LocalServer> {
  return startLocalServer(address, ({ path }) => {
    // Prefixes, as APISIX matches them.
    if (path.startsWith('/status/ready')) return readiness(unready())
    return path.startsWith('/status') ? ok : notFoundPage
  })
}

const ok = text(200, { status: 'ok' })

function readiness(worker: number | undefined): LocalAnswer {
  if (worker === undefined) return ok
  return text(503, { status: 'error', error: `worker id: ${worker} has not received configuration` })
}

function text(status: number, value: object): LocalAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: JSON.stringify(value) }
}
