export { type AwsSecretsServer, startAwsSecretsServer } from './aws-server.ts'
export { type GcpSecretsServer, startGcpSecretsServer } from './gcp-server.ts'
export { startVaultServer, type VaultServer } from './vault-server.ts'
