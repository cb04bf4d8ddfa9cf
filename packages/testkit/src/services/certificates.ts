// A certificate authority for one test run, made with openssl in a directory of its own.
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  /** Paths of PEM files. */
  readonly cert: string
  readonly key: string
}

export interface CertificateAuthority {
  /** Its own certificate, a path. */
  readonly cert: string
  /** Signs a certificate for `subject`, such as `IP:127.0.0.1` or `DNS:etcd.internal`; without, for a client. */
  issue(name: string, subject?: string): Certificate
  /** Removes all files. */
  remove(): Promise<void>
}

export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-ca-'))
  const filesOf = (name: string) => ({
    cert: join(directory, `${name}.pem`),
    key: join(directory, `${name}.key`),
  })
  const own = filesOf('ca')
  create('ca', own, [])
  return {
    cert: own.cert,
    issue(name, subject) {
      const files = filesOf(name)
      const alternative = subject === undefined ? [] : ['-addext', `subjectAltName=${subject}`]
      create(name, files, ['-CA', own.cert, '-CAkey', own.key, ...alternative])
      return files
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

function create(name: string, { cert, key }: Certificate, more: readonly string[]): void {
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key]
  const args = ['req', '-x509', '-days', '1', '-subj', `/CN=${name}`, '-out', cert, ...newKey, ...more]
  execFileSync('openssl', args, { stdio: 'pipe' })
}
