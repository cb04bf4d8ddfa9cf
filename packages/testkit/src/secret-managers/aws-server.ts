// A fake AWS Secrets Manager. Keys of `secrets` are names, values the JSON of their SecretString (or the text itself).
import { type SecretServer, startSecretServer } from './secret-server.ts'

export interface AwsSecretsServer extends SecretServer {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export async function startAwsSecretsServer(
  options: { readonly region?: string; readonly sessionToken?: string } = {},
): Promise<AwsSecretsServer> {
  const { region = 'us-east-1', sessionToken } = options
  const accessKeyId = 'AKIDTEST'
  const credential = new RegExp(`Credential=${accessKeyId}/\\d{8}/${region}/secretsmanager/aws4_request`)
  const server = await startSecretServer(({ request, body }, secrets) => {
    const { headers } = request
    const isKnown =
      credential.test(headers.authorization ?? '') && headers['x-amz-security-token'] === sessionToken
    if (!isKnown) return refuse('UnrecognizedClientException')
    if (headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') return refuse('InvalidRequestException')
    const { SecretId: read = '' } = JSON.parse(body) as { SecretId?: string }
    if (!secrets.has(read)) return { ...refuse('ResourceNotFoundException'), read }
    const value = secrets.get(read)
    const SecretString = typeof value === 'string' ? value : JSON.stringify(value)
    return { status: 200, body: { Name: read, VersionStages: ['AWSCURRENT'], SecretString }, read }
  })
  return { ...server, accessKeyId, secretAccessKey: 'aws-secret-key' }
}

function refuse(type: string) {
  return { status: 400, body: { __type: type, message: 'refused' }, headers: { 'x-amzn-errortype': type } }
}
