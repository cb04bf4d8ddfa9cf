export type * from './view.ts'
export type { FromWorker as HealthMessage, HealthPort, ToWorker as HealthReply } from './messages.ts'
export { createHealthClient, type HealthClient } from './client.ts'
export {
  type CheckerListing,
  createHealthRegistry,
  type HealthAlerts,
  type HealthRegistry,
  type HealthRegistryOptions,
} from './registry.ts'
