// Which credentials an instance works out for itself.
import { createHash } from 'node:crypto'
import type { PluginHost } from '@weir/plugin-api'
import type { InstanceSettings } from '../settings.ts'
import type { Authorizer } from './authorizer.ts'
import { createAwsSigner } from './aws-signer.ts'
import { GcpTokens } from './gcp-tokens.ts'

/** Undefined when fixed headers are all there is. */
export function createAuthorizer(
  { name, auth, provider_conf: conf }: InstanceSettings,
  verifyCertificate: boolean,
  host: PluginHost,
): Authorizer | undefined {
  const { aws, gcp } = auth
  if (aws) return createAwsSigner(aws, conf?.region ?? '')
  if (!gcp) return undefined
  // A token outlives edits that do not concern it.
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([gcp, verifyCertificate]))
    .digest('hex')
  return host.keep(`gcp token of ${name}`, fingerprint, () => new GcpTokens(gcp, host, verifyCertificate))
}
