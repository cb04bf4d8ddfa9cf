// Consistent hashing on the ring of lua-resty-chash, point for point, so that a key goes to the node that APISIX
// would choose (routing.md §9).
import { crc32 } from 'node:zlib'
import { type Algorithm, greatestCommonDivisor, type Member } from './balancer.ts'

const pointsPerWeight = 160
/** Weights whose sum (divided by their divisor) is larger are scaled down: the ring stays below 5 MB. */
const weightUnitsMax = 2048

interface Ring {
  /** Ascending. */
  readonly points: Uint32Array
  /** The position of each point's node in the whole list. */
  readonly owners: Uint32Array
}

export function createConsistentHash(members: readonly Member[]): Algorithm {
  const ring = buildRing(members)
  const { points, owners } = ring
  return {
    pick(candidates, key) {
      const start = firstAtOrAfter(points, crc32(key))
      for (let step = 0; step < points.length; step++) {
        const owner = owners[(start + step) % points.length] ?? -1
        if (candidates.allows(owner)) return owner
      }
      return -1
    },
  }
}

function buildRing(members: readonly Member[]): Ring {
  const allZero = members.every(({ weight }) => weight === 0)
  const weights = toUnits(members.map(({ weight }) => (allZero ? 1 : weight)))
  const total = weights.reduce((sum, units) => sum + units * pointsPerWeight, 0)
  // Point and node in one number, exact below 2^53, so that sorting is a typed array's own.
  const entries = new Float64Array(total)
  let filled = 0
  const previous = Buffer.alloc(4)
  for (const [position, { id }] of members.entries()) {
    const seed = crc32(id.replaceAll(':', '\0'))
    previous.writeUInt32LE(0)
    for (let i = (weights[position] ?? 0) * pointsPerWeight; i > 0; i--) {
      const point = crc32(previous, seed)
      entries[filled++] = point * members.length + position
      previous.writeUInt32LE(point)
    }
  }
  entries.sort()
  const points = new Uint32Array(total)
  const owners = new Uint32Array(total)
  for (const [i, entry] of entries.entries()) {
    points[i] = Math.floor(entry / members.length)
    owners[i] = members[entry % members.length]?.index ?? 0
  }
  return { points, owners }
}

function toUnits(weights: readonly number[]): number[] {
  const divisor = greatestCommonDivisor(weights) || 1
  const sum = weights.reduce((total, weight) => total + weight / divisor, 0)
  if (sum <= weightUnitsMax) return weights.map((weight) => weight / divisor)
  return weights.map((weight) =>
    weight === 0 ? 0 : Math.max(1, Math.round((weight / divisor / sum) * weightUnitsMax)),
  )
}

/** Beyond the last point the ring begins again. */
function firstAtOrAfter(points: Uint32Array, hash: number): number {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((points[middle] ?? 0) < hash) low = middle + 1
    else high = middle
  }
  return low === points.length ? 0 : low
}
