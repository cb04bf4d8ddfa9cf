export type { Method, Resource } from './define-resource.ts'
export { route, type Route } from './route.ts'
export { service, type Service } from './service.ts'
export { checkUpstream, upstream, upstreamSchema, type Upstream } from './upstream.ts'
export { normalizeNodes, parseHostPort, type Node } from './nodes.ts'
export { consumer, type Consumer } from './consumer.ts'
export { credential, type Credential } from './credential.ts'
export { consumerGroup, type ConsumerGroup } from './consumer-group.ts'
export { pluginConfig, type PluginConfig } from './plugin-config.ts'
export { globalRule, type GlobalRule } from './global-rule.ts'
export { ssl, type Ssl } from './ssl.ts'
export { proto, type Proto } from './proto.ts'
export { streamRoute, type StreamRoute } from './stream-route.ts'
export { graphqlCostDecoration, type GraphqlCostDecoration } from './graphql-cost-decoration.ts'
export {
  type Aws,
  awsSecret,
  type Gcp,
  type GcpAccount,
  gcpSecret,
  parseGcpAccount,
  secretManagers,
  type Secret,
  type Vault,
  vaultSecret,
} from './secret.ts'
export { pluginMetadata, type PluginMetadata } from './plugin-metadata.ts'
