// Health checks as a page for a browser: one row for each node.
import type { CheckerListing } from '@weir/upstream'
import type { LocalAnswer } from '../../server/index.ts'

export interface Listing {
  readonly name: string
  readonly type: CheckerListing['type']
  /** The name of the LLM instance, where it is one. */
  readonly instance: string | undefined
  readonly nodes: CheckerListing['nodes']
}

const columns = [
  'Checker',
  'Instance',
  'Type',
  'Host',
  'Status',
  'Successes',
  'TCP failures',
  'HTTP failures',
  'Timeouts',
  'Last probe',
]

const GOOD = '#e3f4e3'
const BAD = '#f8dcdc'

export function healthcheckPage(listings: readonly Listing[]): LocalAnswer {
  const rows = listings.flatMap((listing) => listing.nodes.map((node) => row(listing, node)))
  const head = columns.map((column) => `<th>${column}</th>`).join('')
  const style =
    'body{font-family:sans-serif}table{border-collapse:collapse}td,th{border:1px solid #999;padding:4px 8px;text-align:left}'
  return {
    status: 200,
    contentType: 'text/html; charset=utf-8',
    body: `<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>Health checks</title><style>${style}</style></head>
<body>
<h1>Health checks</h1>
<table>
<tr>${head}</tr>
${rows.join('\n')}
</table>
</body>
</html>
`,
  }
}

function row({ name, instance = '', type }: Listing, node: Listing['nodes'][number]): string {
  const { ip, port, hostname, status, counter, last_probe: probe } = node
  const host = hostname === ip ? `${ip}:${port}` : `${hostname} (${ip}:${port})`
  const last = probe ? `${new Date(probe.at).toISOString()} ${probe.result}: ${probe.reason}` : ''
  const { success, tcp_failure, http_failure, timeout_failure } = counter
  const cells = [
    name,
    instance,
    type,
    host,
    status,
    success,
    tcp_failure,
    http_failure,
    timeout_failure,
    last,
  ]
  const color = status.endsWith('unhealthy') ? BAD : GOOD
  const text = cells.map((cell) => `<td>${escape(String(cell))}</td>`).join('')
  return `<tr style="background:${color}">${text}</tr>`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
