// The schemas of resources and of the enabled plugins (etcd.md §8).
import {
  defaultPluginNames,
  defaultStreamPluginNames,
  knownPlugin,
  mainSchemas,
  servedPlugin,
  servedStreamPlugin,
} from '@weir/contract'
import { plugins as builtIn } from '@weir/plugins'
import { parsePluginList } from '../../config/plugin-list.ts'
import { enabledNames, importPlugins, type PluginList } from '../../config/user-plugins.ts'
import { json } from '../../server/index.ts'
import type { Feed } from '../feed.ts'
import type { Handler } from './sources.ts'

/** With those of APISIX's plugins that this build does not run: documents may name them all the same. */
export const showSchemas: Handler = async ({ plugins, feed }) =>
  json(200, {
    main: mainSchemas(),
    plugins: await schemasOf(plugins(), feed),
    stream_plugins: Object.fromEntries(
      defaultStreamPluginNames.map((name) => [name, servedStreamPlugin(name)]),
    ),
  })

async function schemasOf({ names, modules }: PluginList, feed: Feed): Promise<object> {
  const own = await importPlugins(modules)
  const running = new Map([...builtIn, ...own].map((plugin) => [plugin.name, plugin]))
  const all = [...defaultPluginNames, ...running.keys()]
  const enabled = new Set(storedNames(feed) ?? enabledNames(names, own) ?? all)
  return Object.fromEntries(
    [...enabled].flatMap((name) => {
      const plugin = running.get(name) ?? knownPlugin(name)
      return plugin === undefined ? [] : [[name, servedPlugin(plugin)]]
    }),
  )
}

/** The store's list stands above the configured one. */
function storedNames(feed: Feed): readonly string[] | undefined {
  const entry = feed.get('/plugins')
  const names = entry && parsePluginList(entry.value)
  return names === 'malformed' ? undefined : names
}
