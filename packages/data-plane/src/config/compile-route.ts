// A route as requests meet it: merged with its service and plugin_config, its references looked up.
import { GatewayError, type Route, type Service, type Upstream } from '@weir/contract'
import type { Consumer, Reply, RequestContext, RouteFacts } from '@weir/plugin-api'
import type { ForwardContext } from '@weir/upstream'
import type { ChainEntry, CompiledRoute, PlainUpstream } from '../pipeline/types.ts'
import { type Certificate, clientPair } from './certificate.ts'
import { KnownConsumer } from './consumers.ts'
import { entriesOf, type Layer, overlay, problemOf } from './layer.ts'
import type { LoadedDocument, References } from './loaded-document.ts'
import { upstreamTarget } from './upstream-target.ts'

/** Everything that one compiled route was made of; made anew when one of these changes. */
export interface RouteParts {
  readonly service: LoadedDocument<'services'> | undefined
  readonly pluginConfig: LoadedDocument<'plugin_configs'> | undefined
  readonly upstream: LoadedDocument<'upstreams'> | undefined
  /** What the upstream is shown, whatever its type. */
  readonly clientCertificate: LoadedDocument<'ssls'> | undefined
}

export function partsOf(route: Route, references: References): RouteParts {
  const service = find(route.service_id, (id) => references.get('services', id))
  const upstream = find(upstreamIdOf(route, service?.value), (id) => references.get('upstreams', id))
  const { tls } = upstream?.value ?? route.upstream ?? service?.value.upstream ?? {}
  return {
    service,
    pluginConfig: find(route.plugin_config_id, (id) => references.get('plugin_configs', id)),
    upstream,
    clientCertificate: find(tls?.client_cert_id, (id) => references.get('ssls', id)),
  }
}

function find<T>(id: string | number | undefined, get: (id: string) => T | undefined): T | undefined {
  return id === undefined ? undefined : get(String(id))
}

/** The route's own upstream, in whatever form, overrides its service's. */
function upstreamIdOf(route: Route, service: Service | undefined): string | number | undefined {
  if (route.upstream_id !== undefined || route.upstream !== undefined) return route.upstream_id
  return service?.upstream_id
}

export function compileRoute(
  document: LoadedDocument<'routes'>,
  parts: RouteParts,
  references: References,
): CompiledRoute {
  const route = document.value
  const layers = [parts.service?.layer, parts.pluginConfig?.layer, document.layer]
  const layer = overlay(layers.filter((one) => one !== undefined))
  return {
    entries: entriesOf(layer),
    entriesFor: (consumer) => entriesFor(layer, consumer),
    upstream: upstreamOf(document, parts, references),
    problem: missingReference(route, parts) ?? problemOf(layer),
    enableWebsocket: route.enable_websocket ?? parts.service?.value.enable_websocket ?? false,
  }
}

function entriesFor(routeLayer: Layer, consumer: Consumer): readonly ChainEntry[] | Reply | undefined {
  if (!(consumer instanceof KnownConsumer)) return undefined
  if (consumer.problem) return consumer.problem
  if (consumer.layer.size === 0) return undefined
  const layer = overlay([routeLayer, consumer.layer])
  return problemOf(layer) ?? entriesOf(layer)
}

/** Statuses as in routing.md §1; a missing upstream counts only when a request gets as far (502). */
function missingReference(route: Route, { service, pluginConfig }: RouteParts): Reply | undefined {
  if (route.plugin_config_id !== undefined && !pluginConfig) {
    return { status: 503, body: { error_msg: `plugin_config ${route.plugin_config_id} not found` } }
  }
  if (route.service_id !== undefined && !service) {
    return { status: 404, body: { error_msg: `service ${route.service_id} not found` } }
  }
  return undefined
}

function upstreamOf(
  document: LoadedDocument<'routes'>,
  { service, upstream, clientCertificate }: RouteParts,
  references: References,
): PlainUpstream | undefined {
  const route = document.value
  const id = upstreamIdOf(route, service?.value)
  if (id !== undefined && !upstream) return missingUpstream(id)
  const holder = upstream ?? (route.upstream ? document : service)
  const written = upstream?.value ?? route.upstream ?? service?.value.upstream
  if (!holder || !written) return undefined
  const value = withClientCertificate(written, clientCertificate?.value)
  const compiled = references.upstreams.open(holder.resourceKey, value, route.timeout)
  // The pipeline's contexts hold an IncomingRequest, of which plugins see only a part.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { forward: (ctx) => compiled.forward(ctx as RequestContext & ForwardContext, upstreamTarget(ctx)) }
}

/** As it is where the certificate does not exist or is none of a client's: such an upstream is answered 502. */
function withClientCertificate(upstream: Upstream, certificate: Certificate | undefined): Upstream {
  const pair = clientPair(certificate)
  if (!upstream.tls || !pair) return upstream
  const { client_cert_id: _id, ...tls } = upstream.tls
  return { ...upstream, tls: { ...tls, client_cert: pair.cert, client_key: pair.key } }
}

function missingUpstream(id: string | number): PlainUpstream {
  return {
    forward: () => Promise.reject(new GatewayError('upstream_unknown', `upstream ${id} not found`)),
  }
}

/** `uri` and `hostPattern` are those that matched. */
export function routeFacts(
  { id, value: route }: LoadedDocument<'routes'>,
  service: LoadedDocument<'services'> | undefined,
  uri: string,
  hostPattern: string,
): RouteFacts {
  return {
    id,
    name: route.name,
    serviceId: service?.id,
    serviceName: service?.value.name,
    uri,
    hostPattern,
    labels: route.labels ?? service?.value.labels ?? {},
  }
}
