// What the tests of this folder run against: a world of configurations, and fake providers that know nothing of earlier
// tests. Both end with the file that asked for them.
import { type LlmServer, startLlmServer } from '@weir/testkit'
import { afterAll, beforeEach } from 'vitest'
import { createWorld, type World } from '../llm-world.testing.ts'

export function worldOfFile(): World {
  const world = createWorld()
  afterAll(() => world.origins.close())
  return world
}

/** Clean before each test. */
export async function serverOfFile(name?: string): Promise<LlmServer> {
  const server = await startLlmServer(name === undefined ? {} : { name })
  beforeEach(() => {
    server.setScenario(undefined)
    server.clear()
  })
  afterAll(() => server.close())
  return server
}
