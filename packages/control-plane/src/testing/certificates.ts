// Throw-away certificates for tests, made by openssl.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export class TestCertificates {
  readonly #directory = mkdtempSync(join(tmpdir(), 'weir-certificates-'))

  /** Self-signed, or signed by the certificate named `authority`. Made anew when the name is used again. */
  create(name: string, authority?: string): void {
    const key = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      this.key(name),
    ]
    const signer = authority && ['-CA', this.certificate(authority), '-CAkey', this.key(authority)]
    const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1']
    const args = ['req', '-x509', '-days', '1', ...names, '-out', this.certificate(name), ...key]
    execFileSync('openssl', [...args, ...(signer || [])], { stdio: 'pipe' })
  }

  certificate(name: string): string {
    return join(this.#directory, `${name}.pem`)
  }

  key(name: string): string {
    return join(this.#directory, `${name}.key`)
  }

  /** The texts of both files. */
  read(name: string): { readonly cert: string; readonly key: string } {
    return {
      cert: readFileSync(this.certificate(name), 'utf8'),
      key: readFileSync(this.key(name), 'utf8'),
    }
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
