// Where a document is served, but not in every respect as APISIX would serve it. docs/differences.md says the same of
// the gateway as a whole: each of these is a row there.
import { normalizeNodes, type Upstream } from '@weir/contract'
import type { CheckedDocument } from '@weir/data-plane/check'
import { isIP } from 'node:net'

export interface Difference {
  /** The row's first cell: what APISIX does. */
  readonly row: string
  /** What happens here. */
  readonly text: string
  /** Whether it concerns this document. */
  concerns(document: CheckedDocument): boolean
}

export const differences: readonly Difference[] = [
  {
    row: 'A stream that its provider cuts, or that a limit ends, ends like a whole one',
    text: 'a stream that its provider cuts ends with an error event',
    concerns: (document) => hasPlugin(document, 'ai-proxy', 'ai-proxy-multi'),
  },
  {
    row: 'Quotas are checked before a call and charged after it, so simultaneous calls all pass',
    text: 'calls in flight count as used',
    concerns: (document) => hasPlugin(document, 'ai-rate-limiting'),
  },
  {
    row: 'The client leaving in mid-stream charges nothing',
    text: 'a client that leaves in mid-stream is charged for what was delivered',
    concerns: (document) => hasPlugin(document, 'ai-rate-limiting'),
  },
  {
    row: "A client's `apikey` goes on to the LLM provider",
    text: 'the key of key-auth does not go on to the LLM provider',
    concerns: (document) =>
      hasPlugin(document, 'key-auth') && hasPlugin(document, 'ai-proxy', 'ai-proxy-multi'),
  },
  {
    row: "A name of an upstream's node becomes one of its addresses before anything else",
    text: 'the hash ring and the health checks know nodes by their names, not their addresses',
    concerns: (document) => upstreamsOf(document).some(namesMatter),
  },
]

function hasPlugin({ plugins }: CheckedDocument, ...names: readonly string[]): boolean {
  return plugins.settings.some(({ plugin }) => names.includes(plugin.name))
}

function upstreamsOf({ kind, value }: CheckedDocument): readonly Upstream[] {
  if (kind === 'upstreams') return [value]
  if (kind !== 'routes' && kind !== 'services') return []
  return value.upstream ? [value.upstream] : []
}

function namesMatter({ type, checks, nodes, scheme }: Upstream): boolean {
  if (type !== 'chash' && checks === undefined) return false
  return normalizeNodes(nodes, scheme).some(({ host }) => isIP(host) === 0)
}
