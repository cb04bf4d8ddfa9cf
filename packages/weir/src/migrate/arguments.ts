// What `weir migrate` is told to do.
import { parseArgs } from 'node:util'

export interface MigrateArguments {
  /** A config.yaml: the settings of the source, and the source itself where nothing else names one. */
  readonly config: string | undefined
  readonly source: SourceArguments
  /** A config.yaml: where copies go, and with which settings the documents would run. */
  readonly to: string | undefined
  readonly toPrefix: string | undefined
  readonly apply: boolean
  readonly force: boolean
  readonly format: 'table' | 'json'
}

type SourceArguments =
  | { readonly kind: 'config' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'admin'; readonly url: string; readonly keyFile: string | undefined }
  | ({ readonly kind: 'etcd' } & EtcdArguments)

export interface EtcdArguments {
  readonly hosts: readonly string[]
  readonly prefix: string | undefined
  readonly user: string | undefined
  /** Files, like those that follow. */
  readonly passwordFile: string | undefined
  readonly authorities: string | undefined
  readonly cert: string | undefined
  readonly certKey: string | undefined
  readonly insecure: boolean
}

export const migrateUsage = `weir migrate [SOURCE] [-c FILE] [--to FILE] [--to-prefix PREFIX] [--apply [--force]] [--format table|json]

Says of every document of an APISIX whether it runs here as it is, runs differently, or is refused.

  -c FILE               config.yaml of the source: its store, keyring and list of plugins
  --etcd URL            the source is an etcd; may be given several times
    --prefix PREFIX       what stands before every key, /apisix unless given
    --user NAME           and --password-file FILE
    --ca FILE             whom to trust, and --cert FILE, --cert-key FILE to be trusted; --insecure trusts anybody
  --admin URL           the source is an Admin API, such as http://127.0.0.1:9180
    --admin-key-file FILE the key
  --file FILE           the source is an apisix.yaml or apisix.json
  --to FILE             config.yaml with which the documents would run, and whose store they are copied to
  --to-prefix PREFIX    another prefix than the one in there, or than the source's
  --apply               copies what can be copied; a different document that is there already stays
  --force               replaces it
  --format FORMAT       table or json

Ends with 0 when everything runs, 1 when something does not, 2 when these arguments make no sense, 3 when the source or
the target cannot be reached.`

const options = {
  config: { type: 'string', short: 'c' },
  etcd: { type: 'string', multiple: true },
  prefix: { type: 'string' },
  user: { type: 'string' },
  'password-file': { type: 'string' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  'cert-key': { type: 'string' },
  insecure: { type: 'boolean', default: false },
  admin: { type: 'string' },
  'admin-key-file': { type: 'string' },
  file: { type: 'string' },
  to: { type: 'string' },
  'to-prefix': { type: 'string' },
  apply: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
  format: { type: 'string', default: 'table' },
  help: { type: 'boolean', short: 'h' },
} as const

/** `args` come after the command. The error is a sentence. */
export function readMigrateArguments(
  args: readonly string[],
): MigrateArguments | 'help' | { readonly error: string } {
  try {
    const { values } = parseArgs({ args: [...args], options })
    if (values.help) return 'help'
    const { format } = values
    if (format !== 'table' && format !== 'json') return { error: `--format is table or json, not ${format}` }
    const error = complaintAbout(values)
    if (error !== undefined) return { error }
    return {
      config: values.config,
      source: toSource(values),
      to: values.to,
      toPrefix: values['to-prefix'],
      apply: values.apply,
      force: values.force,
      format,
    }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

const ofEtcd = ['prefix', 'user', 'password-file', 'ca', 'cert', 'cert-key'] as const

function complaintAbout(values: Values): string | undefined {
  const named = (['etcd', 'admin', 'file'] as const).filter((name) => values[name] !== undefined)
  if (named.length > 1) return `only one of --${named.join(' and --')} can be the source`
  if (named.length === 0 && values.config === undefined) {
    return 'the source is missing: give -c, --etcd, --admin or --file'
  }
  const stray = ofEtcd.find((name) => values[name] !== undefined && values.etcd === undefined)
  if (stray !== undefined) return `--${stray} belongs to --etcd`
  if (values['admin-key-file'] !== undefined && values.admin === undefined) {
    return '--admin-key-file belongs to --admin'
  }
  if (values.force && !values.apply) return '--force belongs to --apply'
  if (!values.apply || values.to !== undefined) return undefined
  const hasPrefix = values['to-prefix'] !== undefined
  const copiesWithin = values.file === undefined && values.admin === undefined
  return hasPrefix && copiesWithin ? undefined : '--apply needs to know where to: give --to'
}

function toSource(values: Values): SourceArguments {
  const { etcd, admin, file } = values
  if (file !== undefined) return { kind: 'file', path: file }
  if (admin !== undefined) return { kind: 'admin', url: admin, keyFile: values['admin-key-file'] }
  if (etcd === undefined) return { kind: 'config' }
  return {
    kind: 'etcd',
    hosts: etcd.flatMap((hosts) => hosts.split(',')),
    prefix: values.prefix,
    user: values.user,
    passwordFile: values['password-file'],
    authorities: values.ca,
    cert: values.cert,
    certKey: values['cert-key'],
    insecure: values.insecure ?? false,
  }
}
