export { createLlmRoute, type LlmRoute } from './route/llm-route.ts'
export type {
  BalancerSettings,
  FallbackSettings,
  InstanceSettings,
  LimitSettings,
  RouteSettings,
  TransportSettings,
} from './settings.ts'
