// What the router knows of a route, and what it asks of a request.
import type { PathParameters, PathPattern } from './path-pattern.ts'

/** A route as the router sees it. The same object is given to `add` and to `remove`. */
export interface RouteRule<T> {
  readonly route: T
  readonly uris: readonly string[]
  /** As configured, exact or beginning with `*`; empty for any host. */
  readonly hosts: readonly string[]
  /** undefined for all. */
  readonly methods: ReadonlySet<string> | undefined
  readonly priority: number
  /** When the route was created, for the order among equals; `id` decides between routes of one moment. */
  readonly created: number
  readonly id: string
  readonly admitsAddress: ((address: string) => boolean) | undefined
  /** `vars`: may throw, which counts as no (routing.md §4). */
  readonly admitsVariables: ((read: (name: string) => unknown) => boolean) | undefined
}

/** The part of a request that decides its route. */
export interface RoutedRequest {
  readonly method: string
  readonly remoteAddress: string
  /** Without port, lower case. */
  readonly host: string
  /** Header values by lower-case name. */
  header(name: string): string | undefined
}

export interface RouteMatch<T> {
  readonly route: T
  /** The pattern and the host pattern that matched, as configured; the latter is empty where any host does. */
  readonly uri: string
  readonly host: string
  readonly params: PathParameters | undefined
}

/** One uri of a rule, in the one table where it stands. Made with the rule, so that a match allocates nothing. */
export interface Candidate<T> {
  readonly rule: RouteRule<T>
  readonly pattern: PathPattern
  /** The answer when no condition on the host is left to check. */
  readonly match: RouteMatch<T>
  /** Conditions on the host, of which one must hold; undefined where the table already decided. */
  readonly hosts: readonly HostCondition<T>[] | undefined
}

export interface HostCondition<T> {
  readonly match: RouteMatch<T>
  /** Lower case; what follows `*` where `suffix` is true. */
  readonly text: string
  readonly suffix: boolean
  /** Compared with the Host header as sent, since the pattern names a port. */
  readonly withPort: boolean
}

/** Best first: priority, then the longer pattern, then the older route (routing.md §2.3). */
export function compareCandidates<T>(a: Candidate<T>, b: Candidate<T>): number {
  return (
    b.rule.priority - a.rule.priority ||
    b.match.uri.length - a.match.uri.length ||
    a.rule.created - b.rule.created ||
    compareText(a.rule.id, b.rule.id) ||
    compareText(a.match.uri, b.match.uri)
  )
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
