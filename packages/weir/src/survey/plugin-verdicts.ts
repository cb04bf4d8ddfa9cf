// Whether this build runs the plugins that a document names.
import { checkPluginConfig, isJsonObject, type JsonObject, knownPlugin } from '@weir/contract'
import type { PluginCatalog } from '@weir/data-plane/check'
import type { AnyPlugin } from '@weir/plugin-api'

export interface PluginVerdicts {
  /** Plugins that this build does not run. */
  readonly reasons: readonly string[]
  readonly differences: readonly string[]
  /** A configuration that APISIX would refuse, of a plugin that this build does not run. */
  readonly invalid: string | undefined
  /** Whether one of `reasons` makes requests fail, rather than leave one way to log in unused. */
  readonly blocks: boolean
}

/** What happens to requests that need a plugin which is not run. */
const consequences: Readonly<Record<string, string>> = {
  global_rules: 'every request is answered 503',
  consumers: 'requests of this consumer are answered 503',
}

export function judgePlugins(directory: string, plugins: unknown, catalog: PluginCatalog): PluginVerdicts {
  const reasons: string[] = []
  const differences: string[] = []
  let invalid: string | undefined
  let blocks = false
  for (const [name, config] of Object.entries(isJsonObject(plugins) ? plugins : {})) {
    if (!isJsonObject(config) || isDisabled(config)) continue
    const support = catalog.support(name)
    if (support === 'ignored') {
      differences.push(`plugin ${name} is left out knowingly (weir.unsupported_plugins.ignore)`)
    }
    if (support !== 'unsupported') continue
    const isIdentity = directory === 'consumers' && knownPlugin(name)?.type === 'auth'
    const consequence = consequences[directory] ?? 'requests are answered 503'
    blocks ||= !isIdentity
    reasons.push(
      isIdentity ? `${notRun(name)}: nobody is recognised by it` : `${notRun(name)}: ${consequence}`,
    )
    if (knownPlugin(name) !== undefined) {
      invalid ??= checkPluginConfig(name, config, directory === 'consumers' ? 'consumer' : 'plain')
    }
  }
  return { reasons, differences, invalid, blocks }
}

/** The metadata of a plugin; undefined when somebody reads it. */
export function judgeMetadata(name: string, catalog: PluginCatalog): string | undefined {
  const plugin: AnyPlugin | undefined = catalog.find(name)
  return plugin === undefined ? `${notRun(name)}: nothing reads its metadata` : undefined
}

function notRun(name: string): string {
  return knownPlugin(name) === undefined
    ? `plugin ${name} is none of APISIX 3.18's and not in this build`
    : `plugin ${name} is not run by this build`
}

function isDisabled({ _meta: meta }: JsonObject): boolean {
  return isJsonObject(meta) && meta['disable'] === true
}
