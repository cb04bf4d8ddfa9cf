import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmbeddedStore } from '@weir/config-store/embedded'
import { parseSettings } from '@weir/contract'
import { RecordingLogger } from '@weir/plugin-api/harness'
import { postJson, rawRequest, startLlmServer, until } from '@weir/testkit'
import { expect, test } from 'vitest'
import { startDataPlane } from './start.ts'

const checks = { active: { http_path: '/healthz', healthy: { interval: 1 }, unhealthy: { interval: 1 } } }

test.each([
  [true, 0],
  [false, 3],
])('with disable_upstream_healthcheck %s there are %i checkers', async (disabled, count) => {
  const directory = await mkdtemp(join(tmpdir(), 'weir-unchecked-'))
  const store = createEmbeddedStore({ path: join(directory, 'weir.db') })
  const llm = await startLlmServer()
  const apisix = {
    disable_upstream_healthcheck: disabled,
    ssl: { enable: false },
    node_listen: [{ ip: '127.0.0.1', port: 0 }],
    control: { port: 0 },
  }
  const plane = await startDataPlane({
    settings: parseSettings(
      JSON.stringify({
        apisix,
        nginx_config: { worker_processes: 1, http: { enable_access_log: false } },
        plugin_attr: { prometheus: { enable_export_server: false } },
      }),
      {},
    ),
    store,
    enabledPlugins: undefined,
    pluginModules: [],
    version: '0',
    log: new RecordingLogger(),
  })
  try {
    const instance = { provider: 'openai', auth: {}, weight: 1, override: { endpoint: llm.url }, checks }
    const instances = ['a', 'b'].map((name) => ({ name, ...instance }))
    const nodes = { [`127.0.0.1:${llm.port}`]: 1, '127.0.0.1:1': 0 }
    const routes = {
      llm: { uri: '/llm', plugins: { 'ai-proxy-multi': { instances } } },
      plain: { uri: '/v1/chat/completions', upstream: { type: 'roundrobin', nodes, checks } },
    }
    for (const [id, route] of Object.entries(routes)) await store.put(`/routes/${id}`, JSON.stringify(route))
    const port = plane.addresses[0]?.port ?? 0
    for (const { uri } of Object.values(routes)) {
      await until(async () => (await postJson(port, uri, { messages: [] })).status === 200)
    }
    const checkers = async () => {
      const told = await rawRequest({ port: plane.operatorPorts.control ?? 0, path: '/v1/healthcheck' })
      return Object.keys(JSON.parse(told.text) as object).length
    }
    await until(async () => (await checkers()) >= count)
    expect(await checkers()).toBe(count)
  } finally {
    await plane.close()
    await llm.close()
    await store.close()
    await rm(directory, { recursive: true })
  }
})
