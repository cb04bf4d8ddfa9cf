// A fake Amazon Comprehend that knows DetectToxicContent: `kill` is violent, `damn` profane, anything else harmless.
import { asObject } from '../json.ts'
import { type ModerationServer, startJsonServer } from './json-server.ts'

interface ComprehendCall {
  readonly segments: readonly string[]
  readonly language: unknown
}

export interface ComprehendServer extends ModerationServer<ComprehendCall> {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const accessKeyId = 'AKIDTEST'
const credential = new RegExp(
  `^AWS4-HMAC-SHA256 Credential=${accessKeyId}/\\d{8}/us-east-1/comprehend/aws4_request, .*Signature=[\\da-f]{64}$`,
)

export async function startComprehendServer(): Promise<ComprehendServer> {
  const server = await startJsonServer((headers, document) => {
    const { LanguageCode: language, TextSegments } = asObject(document)
    const list: readonly unknown[] = Array.isArray(TextSegments) ? TextSegments : []
    const segments = list.map((segment) => String(asObject(segment)['Text']))
    const call = { segments, language }
    if (!credential.test(headers.authorization ?? '')) return refused(call, 'UnrecognizedClientException')
    if (headers['x-amz-target'] !== 'Comprehend_20171127.DetectToxicContent')
      return refused(call, 'InvalidRequestException')
    const isTooMuch =
      segments.length > 10 ||
      segments.some((text) => Buffer.byteLength(text) > 1024) ||
      Buffer.byteLength(segments.join('')) > 10_000
    if (isTooMuch) return refused(call, 'TextSizeLimitExceededException')
    return { call, status: 200, body: { ResultList: segments.map(scoresOf) } }
  })
  return { ...server, accessKeyId, secretAccessKey: 'aws-secret-key' }
}

function scoresOf(text: string) {
  const violent = text.includes('kill') ? 0.9 : 0.01
  const profane = text.includes('damn') ? 0.6 : 0.01
  return {
    Labels: [
      { Name: 'PROFANITY', Score: profane },
      { Name: 'VIOLENCE_OR_THREAT', Score: violent },
    ],
    Toxicity: Math.max(violent, profane / 2),
  }
}

function refused(call: ComprehendCall, type: string) {
  return { call, status: 400, body: { __type: type, message: `refused: ${type}` } }
}
