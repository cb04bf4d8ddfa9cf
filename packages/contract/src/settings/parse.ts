// Settings: config.yaml with its environment variables and over its defaults (contract/etcd.md §5, §6 and §9).

import { GatewayError } from '../errors/index.ts'
import { readYaml } from '../standalone/yaml.ts'
import { compileSchema, isJsonObject, type JsonObject, type Static } from '../schema/index.ts'
import { apisixSchema, toApisixSettings, type ApisixSettings } from './apisix.ts'
import { checkSettings } from './check.ts'
import {
  deploymentSchema,
  removableDefaults,
  toDeploymentSettings,
  type DeploymentSettings,
  type Role,
} from './deployment.ts'
import { resolveEnvironment, type Environment } from './environment.ts'
import { mergeSettings } from './merge.ts'
import { nginxConfigSchema, toNginxConfigSettings, type NginxConfigSettings } from './nginx-config.ts'
import { pluginAttrSchema, type PluginAttrSettings } from './plugin-attr.ts'
import { defaultsOf, takeKnown } from './sections.ts'
import { weirSchema, type WeirSettings } from './weir.ts'

const names = { type: 'array', items: { type: 'string' } } as const

const settingsSchema = {
  type: 'object',
  properties: {
    apisix: apisixSchema,
    deployment: deploymentSchema,
    nginx_config: nginxConfigSchema,
    plugin_attr: pluginAttrSchema,
    graphql: {
      type: 'object',
      default: {},
      properties: {
        /** Bytes of a query that is parsed. */
        max_size: { type: 'integer', minimum: 1, default: 1_048_576 },
      },
      additionalProperties: false,
    },
    plugins: names,
    stream_plugins: names,
    weir: weirSchema,
  },
  additionalProperties: false,
} as const

/** Everything of config.yaml, defaults present, spelled as there. Times are seconds, sizes are bytes. */
export interface Settings {
  readonly apisix: ApisixSettings
  readonly deployment: DeploymentSettings
  readonly nginx_config: NginxConfigSettings
  readonly plugin_attr: PluginAttrSettings
  readonly graphql: { readonly max_size: number }
  /** Names of the enabled plugins, and paths of a user's own (`./x.ts`). Undefined: all that the build has. */
  readonly plugins?: readonly string[]
  readonly stream_plugins?: readonly string[]
  readonly weir: WeirSettings
  /** Names of keys that were given and have no effect here, such as `nginx_config.http.charset`. */
  readonly ignored: readonly string[]
}

const validator = compileSchema<Static<typeof settingsSchema>>(settingsSchema)

/**
 * Parses the text of config.yaml.
 * @param env replaces `${{VAR}}` and `${{VAR:=default}}`; `APISIX_DEPLOYMENT_ETCD_HOST`, a JSON array, stands for
 *   `deployment.etcd.host`, `APISIX_WORKER_PROCESSES` for `nginx_config.worker_processes`.
 * @param role stands for the file's role.
 * @throws GatewayError `invalid_configuration`; the message says what is wrong and where.
 */
export function parseSettings(text: string, env: Environment, role?: Role): Settings {
  const written = withWorkers(withEtcdHost(read(text, env), env), env)
  // Unknown members of `weir` stay, so that the schema refuses them.
  const { weir, ...others } = written
  const { known, ignored } = takeKnown(settingsSchema, others)
  const given = { ...(isJsonObject(known) ? known : {}), ...(weir === undefined ? {} : { weir }) }

  const defaults = defaultsOf(settingsSchema)
  const merged = mergeSettings(mergeSettings(defaults, removableDefaults), given)
  // What `null` removed has a default all the same, except for the removable ones.
  const parsed = validator.parse(mergeSettings(defaults, merged))
  if (!parsed.ok) throw invalid(`failed to validate config: ${parsed.error}`)

  const { apisix, deployment, nginx_config, plugin_attr, ...rest } = parsed.value
  const settings: Settings = {
    ...rest,
    apisix: toApisixSettings(apisix),
    deployment: toDeploymentSettings(role === undefined ? deployment : { ...deployment, role }),
    nginx_config: toNginxConfigSettings(nginx_config),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the members of all others are objects
    plugin_attr: plugin_attr as PluginAttrSettings,
    weir: { ...parsed.value.weir, store: parsed.value.weir.store ?? defaultStore(written) },
    ignored,
  }
  const complaint = checkSettings(settings) ?? checkStandAlone(settings, env)
  if (complaint !== undefined) throw invalid(complaint)
  return settings
}

function read(text: string, env: Environment): JsonObject {
  const parsed = parseText(text)
  if (parsed === null || parsed === undefined) return {}
  const resolved = resolve(parsed, env)
  if (!isJsonObject(resolved)) throw invalid('invalid config.yaml file: it should be a map')
  return resolved
}

/** @throws GatewayError in the words of APISIX's start command. */
function resolve(parsed: unknown, env: Environment): unknown {
  try {
    return resolveEnvironment(parsed, env)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    throw invalid(`failed to read local yaml config of apisix: ${error.message}`)
  }
}

function parseText(text: string): unknown {
  const yaml = readYaml(text)
  if (yaml.ok) return yaml.value
  if (yaml.empty) return undefined
  throw invalid(`invalid config.yaml file: ${yaml.error}`)
}

function withEtcdHost(written: JsonObject, env: Environment): JsonObject {
  const text = env['APISIX_DEPLOYMENT_ETCD_HOST']
  if (text === undefined || text === '') return written
  try {
    const host: unknown = JSON.parse(text)
    return mergeSettings(written, { deployment: { etcd: { host } } })
  } catch {
    throw invalid('APISIX_DEPLOYMENT_ETCD_HOST should be a JSON array of URLs')
  }
}

/** How containers say how many threads serve. */
function withWorkers(written: JsonObject, env: Environment): JsonObject {
  const count = Math.floor(Number(env['APISIX_WORKER_PROCESSES'] || NaN))
  return Number.isNaN(count) ? written : mergeSettings(written, { nginx_config: { worker_processes: count } })
}

/** Images of APISIX set the variable; what it asks for must also stand in the file. */
function checkStandAlone({ deployment }: Settings, env: Environment): string | undefined {
  if (env['APISIX_STAND_ALONE'] !== 'true' || deployment.config_provider !== 'etcd') return undefined
  return 'APISIX_STAND_ALONE is true: give config_provider yaml for the role'
}

function defaultStore({ deployment }: JsonObject): 'etcd' | 'embedded' {
  return isJsonObject(deployment) && isJsonObject(deployment['etcd']) ? 'etcd' : 'embedded'
}

function invalid(message: string): GatewayError {
  return new GatewayError('invalid_configuration', message)
}
