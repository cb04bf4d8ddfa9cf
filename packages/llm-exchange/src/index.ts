export { createLlmRoute, type LlmRoute } from './route/llm-route.ts'
export { createEmbed, type EmbeddingsSettings } from './semantic/embeddings-client.ts'
export type {
  BalancerSettings,
  FallbackSettings,
  InstanceSettings,
  LimitSettings,
  RouteSettings,
  TransportSettings,
} from './settings.ts'
