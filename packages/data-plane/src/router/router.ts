// Request to route: the three routers of APISIX over tables that change one route at a time (routing.md §2).
import { HostTable } from './host-table.ts'
import { parsePathPattern } from './path-pattern.ts'
import { PathTable } from './path-table.ts'
import type { Candidate, RoutedRequest, RouteMatch, RouteRule } from './rule.ts'

/** `apisix.router.http`. */
export type RouterKind = 'radixtree_host_uri' | 'radixtree_uri' | 'radixtree_uri_with_parameter'

/**
 * Adding or removing a rule costs the same however many there are. A match on an exact path without conditions
 * allocates nothing: it returns the object that was made with the rule.
 */
export interface Router<T> {
  add(rule: RouteRule<T>): void
  /** `rule` is the object that was added. */
  remove(rule: RouteRule<T>): void
  /** `path` is the text of routing.md §2.1; variables are read only where a rule has `vars`. */
  match(
    path: string,
    request: RoutedRequest,
    readVariable: (name: string) => unknown,
  ): RouteMatch<T> | undefined
}

export function createRouter<T>(kind: RouterKind): Router<T> {
  return kind === 'radixtree_host_uri' ? new HostFirst() : new PathFirst(kind)
}

/** Hosts decide before paths (routing.md §2.4). */
class HostFirst<T> implements Router<T> {
  readonly #hosts = new HostTable<PathTable<T>>()
  readonly #anyHost = new PathTable<T>()

  add(rule: RouteRule<T>): void {
    for (const uri of rule.uris) {
      if (rule.hosts.length === 0) this.#anyHost.add(candidateOf(rule, uri, ''))
      for (const host of rule.hosts) {
        this.#hosts.open(host, () => new PathTable()).add(candidateOf(rule, uri, host))
      }
    }
  }

  remove(rule: RouteRule<T>): void {
    for (const uri of rule.uris) {
      if (rule.hosts.length === 0) this.#anyHost.remove(candidateOf(rule, uri, ''))
      for (const host of rule.hosts) {
        const table = this.#hosts.get(host)
        table?.remove(candidateOf(rule, uri, host))
        if (table?.isEmpty) this.#hosts.delete(host)
      }
    }
  }

  match(path: string, request: RoutedRequest, readVariable: (name: string) => unknown) {
    const { host } = request
    const exact = this.#hosts.exact(host)?.match(path, request, readVariable)
    return (
      exact ??
      this.#hosts.climb(host, (table) => table.match(path, request, readVariable)) ??
      this.#anyHost.match(path, request, readVariable)
    )
  }
}

/** Paths decide, and the host is one condition among others. */
class PathFirst<T> implements Router<T> {
  readonly #paths = new PathTable<T>()
  readonly #parameters: boolean

  constructor(kind: RouterKind) {
    this.#parameters = kind === 'radixtree_uri_with_parameter'
  }

  add(rule: RouteRule<T>): void {
    for (const uri of rule.uris) this.#paths.add(this.#candidate(rule, uri))
  }

  remove(rule: RouteRule<T>): void {
    for (const uri of rule.uris) this.#paths.remove(this.#candidate(rule, uri))
  }

  match(path: string, request: RoutedRequest, readVariable: (name: string) => unknown) {
    return this.#paths.match(path, request, readVariable)
  }

  #candidate(rule: RouteRule<T>, uri: string): Candidate<T> {
    const pattern = parsePathPattern(uri, this.#parameters)
    const hosts = rule.hosts.map((host) => {
      const suffix = host.startsWith('*')
      const text = (suffix ? host.slice(1) : host).toLowerCase()
      return { text, suffix, withPort: isWithPort(text), match: matchOf(rule, uri, host) }
    })
    return { rule, pattern, match: matchOf(rule, uri, ''), hosts: hosts.length > 0 ? hosts : undefined }
  }
}

function candidateOf<T>(rule: RouteRule<T>, uri: string, host: string): Candidate<T> {
  return { rule, pattern: parsePathPattern(uri, false), match: matchOf(rule, uri, host), hosts: undefined }
}

function matchOf<T>(rule: RouteRule<T>, uri: string, host: string): RouteMatch<T> {
  return { route: rule.route, uri, host, params: undefined }
}

/** A colon outside the brackets of an IPv6 address. */
function isWithPort(host: string): boolean {
  return host.slice(host.indexOf(']') + 1).includes(':')
}
