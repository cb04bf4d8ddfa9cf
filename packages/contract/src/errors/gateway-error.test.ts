import { expect, test } from 'vitest'
import { GatewayError } from './index.ts'

test('an error has the status of its code, and its cause for the log', () => {
  const cause = new Error('ECONNREFUSED')
  const error = new GatewayError('upstream_refused', 'no connection', { cause })
  expect(error).toMatchObject({ name: 'GatewayError', code: 'upstream_refused', status: 502, cause })
  expect('cause' in new GatewayError('internal', 'x')).toBe(false)
  expect(new GatewayError('plugin_unavailable', 'x', { status: 500 }).status).toBe(500)
})
