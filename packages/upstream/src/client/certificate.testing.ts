// Certificates for tests of TLS, made with openssl.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A throw-away certificate for `node.test`. */
export function certificate(): { cert: string; key: string } {
  const directory = mkdtempSync(join(tmpdir(), 'weir-tls-'))
  try {
    const [cert, key] = [join(directory, 'cert'), join(directory, 'key')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key]
    const names = ['-subj', '/CN=node.test', '-addext', 'subjectAltName=DNS:node.test']
    execFileSync('openssl', ['req', '-x509', '-days', '1', '-out', cert, ...curve, ...names], {
      stdio: 'pipe',
    })
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
