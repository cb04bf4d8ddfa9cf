import { parseSettings } from '@weir/contract'
import { expect, test } from 'vitest'
import { withoutEffect } from './without-effect.ts'

test('what changes nothing is named, be it known or not', () => {
  const given = {
    apisix: { enable_http2: false, node_listen: 9081, ssl: { ssl_trusted_certificate: '/etc/ca.pem' } },
    nginx_config: { http: { charset: 'utf-8', real_ip_header: 'X-Forwarded-For', keepalive_timeout: '5s' } },
  }
  expect(withoutEffect(parseSettings(JSON.stringify(given), {}))).toEqual([
    'nginx_config.http.charset',
    'apisix.enable_http2',
    'nginx_config.http.real_ip_header',
  ])
})

test('nothing is named where nothing is given', () => {
  expect(withoutEffect(parseSettings('', {}))).toEqual([])
})
