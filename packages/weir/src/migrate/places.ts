// Where documents come from and where they would go: settings, each with the directory that their paths start from.
import { readFile } from 'node:fs/promises'
import { parseSettings, type Settings } from '@weir/contract'
import { findConfigFile } from '../read-settings.ts'
import { openFileSource } from '../survey/file-source.ts'
import { isMissing, openSource } from '../survey/open-source.ts'
import type { Source } from '../survey/source.ts'
import { openAdminSource } from './admin-source.ts'
import type { EtcdArguments, MigrateArguments } from './arguments.ts'
import { readSecretFile } from './secret-file.ts'

export interface Place {
  readonly settings: Settings
  readonly directory: string
}

/** @throws Error with a sentence when a file cannot be used. */
export async function sourcePlace({ config, source }: MigrateArguments): Promise<Place> {
  const place = config === undefined ? await unconfigured() : await readPlace(config)
  return source.kind === 'etcd' ? { ...place, settings: await withEtcd(place.settings, source) } : place
}

/** Where the documents would run; undefined where the arguments name no other place than the source's. */
export async function targetPlace(
  { to, toPrefix }: MigrateArguments,
  source: Place,
): Promise<Place | undefined> {
  if (to === undefined && toPrefix === undefined) return undefined
  const place = to === undefined ? source : await readPlace(to)
  return toPrefix === undefined ? place : { ...place, settings: withPrefix(place.settings, toPrefix) }
}

/** @throws Error with a sentence when the source cannot be used. */
export async function openMigrationSource({ source }: MigrateArguments, place: Place): Promise<Source> {
  switch (source.kind) {
    case 'file':
      return openFileSource(source.path)
    case 'admin':
      return openAdminSource(source)
    case 'etcd':
    case 'config':
      if (isMissing(place.settings)) {
        throw new Error(
          `there is no store ${place.settings.weir.embedded.path}: name the etcd in deployment.etcd or with --etcd`,
        )
      }
      return openSource(place.settings, place.directory)
  }
}

async function unconfigured(): Promise<Place> {
  return { settings: parseSettings('', process.env), directory: process.cwd() }
}

async function readPlace(path: string): Promise<Place> {
  const file = findConfigFile(path, undefined)
  return { settings: parseSettings(await readFile(path, 'utf8'), process.env), directory: file.directory }
}

async function withEtcd(settings: Settings, options: EtcdArguments): Promise<Settings> {
  const { hosts, prefix, user, passwordFile, authorities, cert, certKey, insecure } = options
  const invalid = hosts.find((host) => !/^https?:\/\//.test(host))
  if (invalid !== undefined) throw new Error(`--etcd takes a URL that begins with http:// or https://`)
  const password = passwordFile === undefined ? undefined : await readSecretFile(passwordFile)
  const { apisix, deployment, weir } = settings
  const { etcd } = deployment
  return {
    ...settings,
    apisix: authorities === undefined ? apisix : withAuthorities(apisix, authorities),
    deployment: {
      ...deployment,
      config_provider: 'etcd',
      etcd: {
        ...etcd,
        host: [...hosts],
        ...(prefix !== undefined && { prefix }),
        ...(user !== undefined && { user }),
        ...(password !== undefined && { password }),
        tls: {
          ...etcd.tls,
          ...(insecure && { verify: false }),
          ...(cert !== undefined && { cert }),
          ...(certKey !== undefined && { key: certKey }),
        },
      },
    },
    weir: { ...weir, store: 'etcd' },
  }
}

function withAuthorities(apisix: Settings['apisix'], authorities: string): Settings['apisix'] {
  return { ...apisix, ssl: { ...apisix.ssl, ssl_trusted_certificate: authorities } }
}

function withPrefix(settings: Settings, prefix: string): Settings {
  const { deployment } = settings
  return { ...settings, deployment: { ...deployment, etcd: { ...deployment.etcd, prefix } } }
}
