// What config.yaml says about etcd.

/** `deployment.etcd`, spelled as there (contract: etcd.md §9). Files are paths. */
export interface EtcdSettings {
  /** URLs, http or https. Default: `http://127.0.0.1:2379`. */
  readonly host?: readonly string[]
  /** Stands before every key. Default: `/apisix`. */
  readonly prefix?: string
  /** Seconds until a call is given up. Default: 30. */
  readonly timeout?: number
  readonly user?: string
  readonly password?: string
  readonly tls?: {
    /** Whether the server's certificate must be trusted and belong to its host. Default: true. */
    readonly verify?: boolean
    /** Client certificate and its key, for servers that ask for one. */
    readonly cert?: string
    readonly key?: string
    /** Name to ask for and to expect in the certificate, instead of the host's. */
    readonly sni?: string
  }
}

export const DEFAULT_HOST = 'http://127.0.0.1:2379'
export const DEFAULT_PREFIX = '/apisix'
export const DEFAULT_TIMEOUT_S = 30
