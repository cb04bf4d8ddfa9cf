// Whom this thread's TLS connections trust: providers, upstreams, secret managers, webhooks
// (`apisix.ssl.ssl_trusted_certificate`; etcd.md §9).
import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

/**
 * `certificates` are PEM files and `system`, separated by commas; `system` alone leaves what Node trusts by itself.
 * @throws Error that names a file which cannot be read.
 */
export function trustCertificates(certificates: string): void {
  const names = certificates.split(',').map((name) => name.trim())
  if (names.every((name) => name === 'system')) return
  const texts = names.flatMap((name) => {
    if (name !== 'system') return readFileSync(name, 'utf8')
    return [...getCACertificates('default'), ...getCACertificates('system')]
  })
  setDefaultCACertificates(texts)
}
