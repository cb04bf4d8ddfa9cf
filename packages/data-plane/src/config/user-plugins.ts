// Plugins of the user's own: modules named by path in the list of plugins.
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'
import type { AnyPlugin } from '@weir/plugin-api'

export interface PluginList {
  /** Names that were given; undefined when there was no list, which enables all. */
  readonly names: readonly string[] | undefined
  /** URLs of modules. */
  readonly modules: readonly string[]
}

/** Entries that begin with a dot or a slash are modules; relative ones stand beside config.yaml. */
export function readPluginList(list: readonly string[] | undefined, directory: string): PluginList {
  return {
    names: list?.filter((entry) => !isModule(entry)),
    modules: (list ?? []).filter(isModule).map((path) => pathToFileURL(resolve(directory, path)).href),
  }
}

function isModule(entry: string): boolean {
  return /^\.{0,2}\//.test(entry)
}

/**
 * Imports the modules; each exports one plugin or a list of them as its default.
 * @throws Error with a sentence that names the module.
 */
export async function importPlugins(modules: readonly string[]): Promise<readonly AnyPlugin[]> {
  const plugins = await Promise.all(modules.map(importPlugin))
  return plugins.flat()
}

async function importPlugin(url: string): Promise<readonly AnyPlugin[]> {
  let exported: unknown
  try {
    const module: unknown = await import(url)
    exported = typeof module === 'object' && module && 'default' in module ? module.default : undefined
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`the plugin module ${url} cannot be loaded: ${reason}`, { cause: error })
  }
  const plugins = Array.isArray(exported) ? exported : [exported]
  if (!plugins.every(isPlugin)) throw new Error(`the plugin module ${url} exports no plugin as its default`)
  return plugins
}

function isPlugin(value: unknown): value is AnyPlugin {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'priority' in value &&
    typeof value.priority === 'number' &&
    'schema' in value &&
    'create' in value &&
    typeof value.create === 'function'
  )
}

/** The list of enabled names once the modules are known; undefined enables all. */
export function enabledNames(
  names: readonly string[] | undefined,
  own: readonly AnyPlugin[],
): readonly string[] | undefined {
  return names && [...names, ...own.map(({ name }) => name)]
}
