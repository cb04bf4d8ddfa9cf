import { parseSettings } from '@weir/contract'
import { expect, test } from 'vitest'
import { localConfig } from './local-config.ts'

test('listens on this machine only, with ports, key and folder from the environment', () => {
  const defaults = parseSettings(localConfig, { WEIR_ADMIN_KEY: 'k' })
  expect(defaults.deployment.admin.admin_listen).toEqual({ ip: '127.0.0.1', port: 9180 })
  expect(defaults.apisix.node_listen).toMatchObject([{ ip: '127.0.0.1', port: 9080 }])
  expect(defaults.weir).toMatchObject({ store: 'embedded', embedded: { path: '.weir/weir.db' } })
  expect(defaults.ignored).toEqual([])

  const chosen = parseSettings(localConfig, {
    WEIR_ADMIN_KEY: 'k',
    WEIR_ADMIN_PORT: '1',
    WEIR_PROXY_PORT: '2',
    WEIR_STATE_DIR: '/s',
  })
  expect(chosen.deployment.admin).toMatchObject({ admin_listen: { port: 1 }, admin_key: [{ key: 'k' }] })
  expect(chosen.apisix.node_listen).toMatchObject([{ port: 2 }])
  expect(chosen.weir.embedded.path).toBe('/s/weir.db')
})

test('needs a key', () => {
  expect(() => parseSettings(localConfig, {})).toThrow('WEIR_ADMIN_KEY')
})
