// A fake Lakera Guard: `ignore previous` is a prompt attack, `kill` violent, anything else harmless.
import { asObject } from '../json.ts'
import { type ModerationServer, startJsonServer } from './json-server.ts'

interface LakeraMessage {
  readonly role: string
  readonly content: string
}

interface LakeraCall {
  readonly messages: readonly LakeraMessage[]
  readonly project: unknown
  readonly breakdown: unknown
}

const apiKey = 'lakera-test-key'

export interface LakeraServer extends ModerationServer<LakeraCall> {
  readonly apiKey: string
}

export async function startLakeraServer(): Promise<LakeraServer> {
  const server = await startJsonServer((headers, document) => {
    const { messages, project_id: project, breakdown } = asObject(document)
    const list: readonly unknown[] = Array.isArray(messages) ? messages : []
    const read = list.map((message) => {
      const { role, content } = asObject(message)
      return { role: String(role), content: String(content) }
    })
    const call = { messages: read, project, breakdown }
    if (headers.authorization !== `Bearer ${apiKey}`)
      return { call, status: 401, body: { error: 'unauthorized' } }
    const text = read.map(({ content }) => content).join('\n')
    const detectors = [
      { detector_type: 'prompt_attack', detected: text.includes('ignore previous'), result: 'l1_confident' },
      {
        detector_type: 'moderated_content/violence',
        detected: text.includes('kill'),
        result: 'l2_very_likely',
      },
      { detector_type: 'pii/email', detected: false, result: 'l5_unlikely' },
    ]
    const flagged = detectors.some(({ detected }) => detected)
    return { call, status: 200, body: { flagged, breakdown: detectors } }
  })
  return { ...server, apiKey }
}
