// A module of plugins as a user would write it, for the recorded configurations that name plugins which the build does
// not run: they do what those recordings need, under the schemas of the catalogue. A plugin of the build is used itself.
import { knownPlugin } from '@weir/contract'
import { type AnyPlugin, definePlugin, type PluginInstance } from '@weir/plugin-api'
import { plugins } from '@weir/plugins'

type Create = (config: {
  readonly headers?: { readonly set?: Readonly<Record<string, string>> }
}) => PluginInstance

const creators: Readonly<Record<string, Create>> = {
  'response-rewrite': ({ headers }) => ({
    rewrite(ctx) {
      for (const [name, value] of Object.entries(headers?.set ?? {})) ctx.addResponseHeader(name, value)
      return undefined
    },
  }),
  'proxy-rewrite': ({ headers }) => ({
    rewrite(ctx) {
      for (const [name, value] of Object.entries(headers?.set ?? {}))
        ctx.request.headers[name.toLowerCase()] = value
      return undefined
    },
  }),
  'basic-auth': () => ({}),
  'file-logger': () => ({}),
  'limit-count': () => ({}),
  mocking: () => ({}),
}

const built = new Set(plugins.map(({ name }) => name))

export default Object.entries(creators).flatMap(([name, create]): AnyPlugin[] => {
  const known = built.has(name) ? undefined : knownPlugin(name)
  // The catalogue's descriptions have what a plugin needs besides its work.
  return known ? [definePlugin({ ...known, create } as never) as AnyPlugin] : []
})
