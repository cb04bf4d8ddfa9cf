import { parseSettings } from '@weir/contract'
import { expect, test } from 'vitest'
import { withoutEffect } from './without-effect.ts'

test('what changes nothing is named, be it known or not', () => {
  const given = {
    apisix: {
      enable_http2: false,
      node_listen: 9081,
      ssl: { ssl_trusted_certificate: '/etc/ca.pem', listen: [{ port: 9444, enable_http3: true }] },
    },
    nginx_config: { http: { charset: 'utf-8', underscores_in_headers: 'off', keepalive_timeout: '5s' } },
  }
  expect(withoutEffect(parseSettings(JSON.stringify(given), {}))).toEqual([
    'nginx_config.http.charset',
    'apisix.enable_http2',
    'nginx_config.http.underscores_in_headers',
    'apisix.ssl.listen.enable_http3',
  ])
})

test('a store is of no use where the configuration is a file', () => {
  const given = {
    deployment: {
      role: 'data_plane',
      role_data_plane: { config_provider: 'yaml' },
      etcd: { prefix: '/x' },
    },
    plugin_attr: { 'log-rotate': { interval: 3600 }, prometheus: { metric_prefix: 'x_' } },
  }
  expect(withoutEffect(parseSettings(JSON.stringify(given), {}))).toEqual([
    'deployment.etcd',
    'plugin_attr.log-rotate',
  ])
})

test('the pauses between attempts to reach etcd are named', () => {
  const etcd = { startup_retry: 5, watch_timeout: 10, resync_delay: 1, health_check_timeout: 3, timeout: 9 }
  expect(withoutEffect(parseSettings(JSON.stringify({ deployment: { etcd } }), {}))).toEqual([
    'deployment.etcd.watch_timeout',
    'deployment.etcd.resync_delay',
    'deployment.etcd.health_check_timeout',
    'deployment.etcd.startup_retry',
  ])
})

test('nothing is named where nothing is given', () => {
  expect(withoutEffect(parseSettings('', {}))).toEqual([])
})
