export { Configuration, type Rejection } from './configuration.ts'
export { PluginCatalog } from './plugin-catalog.ts'
export type { PluginSurroundings } from './plugin-host.ts'
export type { Stay } from './generations.ts'
