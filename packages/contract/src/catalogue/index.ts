export {
  defaultPluginNames,
  isOffByDefault,
  pluginFacts,
  streamPluginPriorities,
  type PluginFacts,
} from './plugin-facts.ts'
export { checkPluginConfig, knownPlugin, type KnownPlugin, type PluginPlace } from './known-plugin.ts'
