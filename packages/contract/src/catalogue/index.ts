export {
  defaultPluginNames,
  defaultStreamPluginNames,
  isOffByDefault,
  pluginFacts,
  streamPluginPriority,
  type PluginFacts,
} from './plugin-facts.ts'
export {
  checkPluginConfig,
  knownPlugin,
  wordSchemaComplaint,
  type KnownPlugin,
  type PluginPlace,
} from './known-plugin.ts'
export {
  servedConsumerSchema,
  servedPlugin,
  servedSchema,
  servedStreamPlugin,
  type ServablePlugin,
} from './served-plugin.ts'
export { mainSchema, mainSchemas } from './main-schemas.ts'
