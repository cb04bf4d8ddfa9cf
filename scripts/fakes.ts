// The services that the demo's scenarios call: three model servers and a moderation service, all fake.
import { type LlmServer, startAliyunServer, startLlmServer } from '@weir/testkit'
import type { SeedValues } from './seeds.ts'

export interface Fakes {
  readonly cloud: LlmServer
  readonly selfHostedB: LlmServer
  readonly selfHostedC: LlmServer
  /** What the seeds need to know of them. */
  readonly values: SeedValues
  close(): Promise<void>
}

/** On four ports from `firstPort` on; 0 lets the system choose. Rejects when one is taken, with none left running. */
export async function startFakes(firstPort: number): Promise<Fakes> {
  const port = (offset: number) => (firstPort === 0 ? 0 : firstPort + offset)
  const running: { close(): Promise<void> }[] = []
  const close = async () => {
    await Promise.all(running.map((server) => server.close()))
  }
  try {
    const cloud = await startLlmServer({ port: port(0), name: 'cloud' })
    running.push(cloud)
    const selfHostedB = await startLlmServer({ port: port(1), name: 'self-hosted-b' })
    running.push(selfHostedB)
    const selfHostedC = await startLlmServer({ port: port(2), name: 'self-hosted-c' })
    running.push(selfHostedC)
    const moderation = await startAliyunServer({ port: port(3) })
    running.push(moderation)
    const values = {
      CLOUD: `127.0.0.1:${cloud.port}`,
      SELF_HOSTED_B: `127.0.0.1:${selfHostedB.port}`,
      SELF_HOSTED_C: `127.0.0.1:${selfHostedC.port}`,
      MODERATION: `127.0.0.1:${moderation.port}`,
      MODERATION_KEY_ID: moderation.accessKeyId,
      MODERATION_KEY_SECRET: moderation.accessKeySecret,
    }
    return { cloud, selfHostedB, selfHostedC, values, close }
  } catch (error) {
    await close()
    throw error
  }
}
