// The routes in force, in the router. A route without hosts of its own has its service's (routing.md §2.4).
import { compileExpr, parseAddressSet, type Route } from '@weir/contract'
import {
  createRouter,
  type RouteMatch,
  type RoutedRequest,
  type Router,
  type RouterKind,
  type RouteRule,
} from '../router/index.ts'
import type { LoadedDocument } from './loaded-document.ts'
import { RouteSlot } from './route-slot.ts'

interface Placed {
  readonly document: LoadedDocument<'routes'>
  /** undefined while `status` is 0. */
  readonly rule: RouteRule<RouteSlot> | undefined
}

export class RouteTable {
  readonly #router: Router<RouteSlot>
  readonly #serviceHosts: (serviceId: string) => readonly string[]
  readonly #placed = new Map<string, Placed>()
  /** Routes that take their hosts from a service, by its id. */
  readonly #borrowers = new Map<string, Set<string>>()

  constructor(kind: RouterKind, serviceHosts: (serviceId: string) => readonly string[]) {
    this.#router = createRouter(kind)
    this.#serviceHosts = serviceHosts
  }

  match(
    path: string,
    request: RoutedRequest,
    readVariable: (name: string) => unknown,
  ): RouteMatch<RouteSlot> | undefined {
    return this.#router.match(path, request, readVariable)
  }

  set(document: LoadedDocument<'routes'>): void {
    this.delete(document.id)
    const { value: route } = document
    const rule = route.status === 0 ? undefined : this.#rule(document)
    this.#placed.set(document.id, { document, rule })
    if (rule) this.#router.add(rule)
    const service = hostsOf(route).length === 0 && route.service_id
    if (!service) return
    const borrowers = this.#borrowers.get(String(service)) ?? new Set()
    this.#borrowers.set(String(service), borrowers.add(document.id))
  }

  delete(id: string): void {
    const placed = this.#placed.get(id)
    if (!placed) return
    this.#placed.delete(id)
    if (placed.rule) this.#router.remove(placed.rule)
    const service = String(placed.document.value.service_id)
    const borrowers = this.#borrowers.get(service)
    borrowers?.delete(id)
    if (borrowers?.size === 0) this.#borrowers.delete(service)
  }

  /** To be called when the hosts of a service are others than before. */
  serviceHostsChanged(serviceId: string): void {
    for (const id of Array.from(this.#borrowers.get(serviceId) ?? [])) {
      const placed = this.#placed.get(id)
      if (placed) this.set(placed.document)
    }
  }

  #rule(document: LoadedDocument<'routes'>): RouteRule<RouteSlot> {
    const { value: route, id, entry } = document
    const own = hostsOf(route)
    const borrowed = own.length === 0 && route.service_id !== undefined
    return {
      route: new RouteSlot(document),
      uris: route.uris ?? (route.uri === undefined ? [] : [route.uri]),
      hosts: borrowed ? this.#serviceHosts(String(route.service_id)) : own,
      methods: route.methods && new Set(route.methods),
      priority: route.priority,
      created: entry.createRevision,
      id,
      admitsAddress: addressCondition(route),
      admitsVariables: variableCondition(route),
    }
  }
}

function hostsOf({ host, hosts }: Route): readonly string[] {
  return hosts ?? (host === undefined ? [] : [host])
}

function addressCondition({ remote_addr, remote_addrs }: Route): RouteRule<RouteSlot>['admitsAddress'] {
  const addresses = remote_addrs ?? (remote_addr === undefined ? [] : [remote_addr])
  if (addresses.length === 0) return undefined
  const set = parseAddressSet(addresses)
  // The schema admits a few texts that are no networks; such a route matches nobody.
  return set.ok ? (address) => set.value.has(address) : () => false
}

function variableCondition({ vars }: Route): RouteRule<RouteSlot>['admitsVariables'] {
  if (vars === undefined || vars.length === 0) return undefined
  const compiled = compileExpr(vars)
  return compiled.ok ? (read) => compiled.evaluate(read) : () => false
}
