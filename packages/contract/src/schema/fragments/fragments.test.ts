import { expect, test } from 'vitest'
import {
  addressSchema,
  compileSchema,
  healthCheckSchema,
  passiveHealthCheckDefaults,
  type HealthCheck,
} from '../index.ts'

test('health checks get their defaults where their parts are present', () => {
  const checks = compileSchema<HealthCheck>(healthCheckSchema)
  expect(checks.parse({ active: { healthy: {} }, passive: { unhealthy: { timeouts: 0 } } })).toEqual({
    ok: true,
    value: {
      active: {
        type: 'http',
        timeout: 1,
        concurrency: 10,
        http_method: 'GET',
        http_path: '/',
        http_req_body: '',
        https_verify_certificate: true,
        healthy: { interval: 1, http_statuses: [200, 302], successes: 2 },
      },
      passive: {
        type: 'http',
        unhealthy: { http_statuses: [429, 500, 503], http_failures: 5, tcp_failures: 2, timeouts: 0 },
      },
    },
  })
  expect(checks.check({ passive: {} })).toContain('object matches none of the required')
  expect(passiveHealthCheckDefaults.unhealthy).toMatchObject({ tcp_failures: 2, timeouts: 7 })
})

test.each([
  ['10.0.0.1', true],
  ['10.0.0.0/8', true],
  ['::1', true],
  ['fe80::/10', true],
  ['10.0.0.0/33', false],
  ['localhost', false],
  ['', false],
])('%s is an address or network: %s', (text, valid) => {
  expect(compileSchema(addressSchema).check(text) === undefined).toBe(valid)
})
