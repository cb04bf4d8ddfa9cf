// A large configuration, as a platform team's would look: many tenants with a route each, some upstreams that they
// share, and consumers with keys.
import { createCipher } from '@weir/contract'

export interface Size {
  readonly routes: number
  readonly consumers: number
}

const UPSTREAMS = 100

/** As data_encryption.keyring stands in APISIX's default configuration. */
const cipher = createCipher(['qeddd145sfvddff3', 'edd1c9f0985e76a2'])

const times = { create_time: 1_700_000_000, update_time: 1_700_000_000 }

function upstreamId(i: number): string {
  return `u${i % UPSTREAMS}`
}

/** A route as a caller of the Admin API writes it. */
export function routeFor(i: number): object {
  return {
    name: `tenant-${i}`,
    uri: `/tenant/${i}/chat`,
    methods: ['POST'],
    labels: { team: `team-${i % 50}` },
    upstream_id: upstreamId(i),
    ...(i % 10 === 0 && { plugins: { 'key-auth': {} } }),
  }
}

/** Keys below the prefix, and values, as they lie in etcd. */
export function* documents({ routes, consumers }: Size, port: number): Iterable<readonly [string, string]> {
  for (let i = 0; i < UPSTREAMS; i += 1) {
    const id = upstreamId(i)
    const nodes = { [`127.0.0.1:${port}`]: 1 }
    yield [`/upstreams/${id}`, JSON.stringify({ id, type: 'roundrobin', nodes, ...times })]
  }
  for (let i = 0; i < consumers; i += 1) {
    const username = `consumer${i}`
    const plugins = { 'key-auth': { key: cipher.encrypt(`key-${i}`) } }
    yield [`/consumers/${username}`, JSON.stringify({ username, plugins, ...times })]
  }
  for (let i = 0; i < routes; i += 1) {
    const id = `r${i}`
    yield [`/routes/${id}`, JSON.stringify({ id, ...routeFor(i), ...times })]
  }
}
