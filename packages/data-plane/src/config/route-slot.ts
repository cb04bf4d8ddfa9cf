// A route's place in the router: compiled when a request first meets it, and anew when something it refers to
// has changed since.
import type { Match } from '../pipeline/types.ts'
import type { RouteMatch } from '../router/index.ts'
import { compileRoute, partsOf, routeFacts, type RouteParts } from './compile-route.ts'
import type { LoadedDocument, References } from './loaded-document.ts'

interface Compiled {
  readonly parts: RouteParts
  /** By pattern that matched: a route has few. */
  readonly matches: Map<RouteMatch<RouteSlot>, Match>
  readonly route: Match['route']
}

/** Matches with parameters are new objects each time and are not remembered; the others are few. */
export class RouteSlot {
  readonly document: LoadedDocument<'routes'>
  #compiled: Compiled | undefined
  /** The version of the references that `#compiled` was last found to agree with. */
  #version = -1

  constructor(document: LoadedDocument<'routes'>) {
    this.document = document
  }

  /** `version` moves with every change of a service, plugin_config, upstream or certificate. */
  resolve(found: RouteMatch<RouteSlot>, references: References, version: number): Match {
    const compiled = this.#current(references, version)
    const known = compiled.matches.get(found)
    if (known) return known
    const match: Match = {
      route: compiled.route,
      facts: routeFacts(this.document, compiled.parts.service, found.uri, found.host),
      params: found.params,
    }
    if (!found.params) compiled.matches.set(found, match)
    return match
  }

  #current(references: References, version: number): Compiled {
    if (this.#compiled && this.#version === version) return this.#compiled
    const parts = partsOf(this.document.value, references)
    if (!this.#compiled || !sameParts(this.#compiled.parts, parts)) {
      this.#compiled = { parts, matches: new Map(), route: compileRoute(this.document, parts, references) }
    }
    this.#version = version
    return this.#compiled
  }
}

function sameParts(a: RouteParts, b: RouteParts): boolean {
  return (
    a.service === b.service &&
    a.pluginConfig === b.pluginConfig &&
    a.upstream === b.upstream &&
    a.clientCertificate === b.clientCertificate
  )
}
