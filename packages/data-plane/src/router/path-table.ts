// One tree of routing.md §2.3: exact paths by hash, then prefixes from the longest to the shortest.
import { matchRest } from './path-pattern.ts'
import { type Place, PrefixTree } from './prefix-tree.ts'
import {
  type Candidate,
  compareCandidates,
  type HostCondition,
  type RoutedRequest,
  type RouteMatch,
} from './rule.ts'

export class PathTable<T> {
  readonly #exact = new Map<string, Candidate<T>[]>()
  #prefixes: PrefixTree<Candidate<T>[]> | undefined
  #size = 0

  get isEmpty(): boolean {
    return this.#size === 0
  }

  add(candidate: Candidate<T>): void {
    const list = this.#list(candidate) ?? this.#newList(candidate)
    list.splice(positionOf(list, candidate), 0, candidate)
    this.#size += 1
  }

  /** Removes the candidate that is equal in order, which only one is. */
  remove(candidate: Candidate<T>): void {
    const list = this.#list(candidate)
    const at = list ? positionOf(list, candidate) : 0
    const found = list?.[at]
    if (!list || !found || compareCandidates(found, candidate) !== 0) return
    list.splice(at, 1)
    this.#size -= 1
    if (list.length > 0) return
    const { kind, text } = candidate.pattern
    if (kind === 'exact') this.#exact.delete(text)
    else this.#prefixes?.delete(text)
  }

  match(
    path: string,
    request: RoutedRequest,
    readVariable: (name: string) => unknown,
  ): RouteMatch<T> | undefined {
    const exact = this.#exact.get(path)
    const match = exact && firstThatAdmits(exact, path, request, readVariable)
    if (match || !this.#prefixes) return match
    let place: Place<Candidate<T>[]> | undefined = this.#prefixes.descend(path)
    for (; place; place = place.parent) {
      const found = place.value && firstThatAdmits(place.value, path, request, readVariable)
      if (found) return found
    }
    return undefined
  }

  #list({ pattern }: Candidate<T>): Candidate<T>[] | undefined {
    return pattern.kind === 'exact' ? this.#exact.get(pattern.text) : this.#prefixes?.get(pattern.text)
  }

  #newList({ pattern }: Candidate<T>): Candidate<T>[] {
    const list: Candidate<T>[] = []
    if (pattern.kind === 'exact') this.#exact.set(pattern.text, list)
    else (this.#prefixes ??= new PrefixTree()).set(pattern.text, list)
    return list
  }
}

/** Where a candidate stands in a sorted list, or belongs. */
function positionOf<T>(list: readonly Candidate<T>[], candidate: Candidate<T>): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = list[middle]
    if (other && compareCandidates(other, candidate) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function firstThatAdmits<T>(
  candidates: readonly Candidate<T>[],
  path: string,
  request: RoutedRequest,
  readVariable: (name: string) => unknown,
): RouteMatch<T> | undefined {
  for (const candidate of candidates) {
    const match = admit(candidate, path, request, readVariable)
    if (match) return match
  }
  return undefined
}

/** Checks the conditions in the order of routing.md §2.3. */
function admit<T>(
  { rule, pattern, match, hosts }: Candidate<T>,
  path: string,
  request: RoutedRequest,
  readVariable: (name: string) => unknown,
): RouteMatch<T> | undefined {
  if (rule.methods && !rule.methods.has(request.method)) return undefined
  if (rule.admitsAddress && !rule.admitsAddress(request.remoteAddress)) return undefined
  const matched = hosts ? matchHost(hosts, request) : match
  if (!matched) return undefined
  if (rule.admitsVariables && !holds(rule.admitsVariables, readVariable)) return undefined
  if (!pattern.rest) return matched
  const params = matchRest(pattern.rest, path)
  return params && { ...matched, params }
}

function matchHost<T>(
  conditions: readonly HostCondition<T>[],
  request: RoutedRequest,
): RouteMatch<T> | undefined {
  for (const { text, suffix, withPort, match } of conditions) {
    const host = withPort ? (request.header('host') ?? '').toLowerCase() : request.host
    if (suffix ? host.endsWith(text) : host === text) return match
  }
  return undefined
}

function holds(
  expression: (read: (name: string) => unknown) => boolean,
  readVariable: (name: string) => unknown,
): boolean {
  try {
    return expression(readVariable)
  } catch {
    return false
  }
}
