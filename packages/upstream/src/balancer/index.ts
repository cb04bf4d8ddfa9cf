export type { Balancer, BalancerNode, NodeHealth } from './balancer.ts'
export type { InFlight } from './least-conn.ts'
export { type BalancerOptions, type BalancerType, createBalancer } from './tiers.ts'
