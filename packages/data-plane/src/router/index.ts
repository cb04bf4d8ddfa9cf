export { createRouter, type Router, type RouterKind } from './router.ts'
export { normalizePath, type PathOptions } from './normalize-path.ts'
export type { RoutedRequest, RouteMatch, RouteRule } from './rule.ts'
