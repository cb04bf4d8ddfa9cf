// Signature Version 4 for Amazon Bedrock (contract/ai-plugins.md §6.3).
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import type Aws4 from 'aws4'
import type { Authorizer, UnsignedRequest } from './authorizer.ts'

export interface AwsCredentials {
  readonly access_key_id: string
  readonly secret_access_key: string
  readonly session_token?: string | undefined
}

const names = ['authorization', 'host', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256']

export function createAwsSigner(credentials: AwsCredentials, region: string): Authorizer {
  // Loaded with the first signer: most gateways have none.
  const aws4 = load()
  const keys = {
    accessKeyId: credentials.access_key_id,
    secretAccessKey: credentials.secret_access_key,
    ...(credentials.session_token !== undefined && { sessionToken: credentials.session_token }),
  }
  return {
    headerNames: names,
    authorize({ method, path, host, body }) {
      // aws4 is told the body's hash, for the body may lie in pieces. It puts its own headers in, among them Host.
      const headers = { 'content-type': 'application/json', 'X-Amz-Content-Sha256': hashOf(body) }
      const signed = aws4.sign({ service: 'bedrock', region, method, path, host, headers }, keys)
      return Object.entries(signed.headers ?? {}).flatMap(([name, value]) =>
        names.includes(name.toLowerCase()) ? [name.toLowerCase(), String(value)] : [],
      )
    },
  }
}

const require = createRequire(import.meta.url)

function load(): typeof Aws4 {
  // What is required has no type of its own.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return require('aws4') as typeof Aws4
}

function hashOf(body: UnsignedRequest['body']): string {
  const hash = createHash('sha256')
  for (const piece of Buffer.isBuffer(body) ? [body] : body) hash.update(piece)
  return hash.digest('hex')
}
