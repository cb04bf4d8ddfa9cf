import { describe, expect, test } from 'vitest'
import { GatewayError } from '../errors/index.ts'
import { parseSettings } from './index.ts'

function complaint(text: string, env: Record<string, string> = {}): string {
  try {
    parseSettings(text, env)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'invalid_configuration') return error.message
    throw error
  }
  return ''
}

function admin(text: string, env: Record<string, string> = {}) {
  return parseSettings(text, env).deployment.admin
}

describe('defaults', () => {
  test.each(['', '# nothing but a comment\n', 'apisix: {}', 'nginx_config: null'])(
    '%j is all defaults',
    (text) => {
      expect(parseSettings(text, {})).toEqual(parseSettings('', {}))
    },
  )

  test('are those of the contract', () => {
    const { apisix, deployment, nginx_config, plugin_attr, weir, ignored } = parseSettings('', {})
    expect(apisix.node_listen).toEqual([{ ip: '0.0.0.0', port: 9080, enable_http2: true, with_ipv6: true }])
    expect(apisix.status).toBeUndefined()
    expect(apisix.control).toEqual({ ip: '127.0.0.1', port: 9090 })
    expect(apisix.data_encryption.keyring).toEqual(['qeddd145sfvddff3', 'edd1c9f0985e76a2'])
    expect(deployment).toMatchObject({
      role: 'traditional',
      config_provider: 'etcd',
      etcd: { host: ['http://127.0.0.1:2379'], prefix: '/apisix', timeout: 30, tls: { verify: true } },
      admin: {
        admin_listen: { ip: '0.0.0.0', port: 9180 },
        admin_key: [{ name: 'admin', key: '', role: 'admin' }],
        allow_admin: ['127.0.0.0/24'],
      },
    })
    expect(nginx_config.http).toMatchObject({
      keepalive_timeout: 60,
      send_timeout: 10,
      client_max_body_size: 0,
    })
    expect(plugin_attr.prometheus.export_addr).toEqual({ ip: '127.0.0.1', port: 9091 })
    expect(weir).toMatchObject({
      store: 'embedded',
      embedded: { path: '.weir/weir.db' },
      drain_timeout: 30,
      forward_client_credentials: false,
      expose_timings: false,
      access_log: { path: '/dev/stdout' },
    })
    expect(ignored).toEqual([])
  })

  test('the store is etcd once etcd is configured', () => {
    expect(parseSettings('deployment: {etcd: {prefix: /x}}', {}).weir.store).toBe('etcd')
    expect(parseSettings('{deployment: {etcd: {}}, weir: {store: embedded}}', {}).weir.store).toBe('embedded')
    const env = { APISIX_DEPLOYMENT_ETCD_HOST: '["http://e1:2379","http://e2:2379"]' }
    const settings = parseSettings('', env)
    expect(settings.weir.store).toBe('etcd')
    expect(settings.deployment.etcd.host).toEqual(['http://e1:2379', 'http://e2:2379'])
  })
})

function keyring(text: string): readonly string[] {
  return parseSettings(`apisix: {data_encryption: {keyring: ${text}}}`, {}).apisix.data_encryption.keyring
}

function workers(text: string, count: string) {
  return parseSettings(text, { APISIX_WORKER_PROCESSES: count }).nginx_config.worker_processes
}

describe('merging', () => {
  test('listeners without a port have the default one, and those with an address are for it alone', () => {
    const { apisix } = parseSettings(
      'apisix: {node_listen: [{ip: 127.0.0.1}, {port: 1}], ssl: {listen: [{ip: 127.0.0.1}]}}',
      {},
    )
    expect(apisix.node_listen).toMatchObject([
      { port: 9080, with_ipv6: false },
      { port: 1, with_ipv6: true },
    ])
    expect(apisix.ssl.listen).toMatchObject([{ port: 9443, with_ipv6: false }])
    const off = parseSettings('apisix: {enable_ipv6: false}', {}).apisix
    expect([off.node_listen[0]?.with_ipv6, off.ssl.listen[0]?.with_ipv6]).toEqual([false, false])
  })

  test('the number of threads may stand in the environment', () => {
    expect([workers('', '3'), workers('nginx_config: {worker_processes: auto}', '2.9')]).toEqual([3, 2])
    expect(workers('nginx_config: null', '')).toBe('auto')
    expect(workers('nginx_config: null', '4')).toBe(4)
  })

  test('an id may read as a number', () => {
    expect(parseSettings('apisix: {id: "${{ID}}"}', { ID: '17' }).apisix.id).toBe('17')
  })

  test('one key stands for a keyring, and null for none', () => {
    expect([keyring('sixteen-letters!'), keyring('null')]).toEqual([['sixteen-letters!'], []])
    expect(complaint('apisix: {data_encryption: {keyring: short-one}}')).toContain('keyring')
    expect(complaint('apisix: {data_encryption: {keyring: short-one}}')).not.toContain('short-one')
  })

  test('objects merge, lists replace', () => {
    const { apisix, deployment } = parseSettings(
      `
apisix: {node_listen: [{ip: 127.0.0.1, port: 1}, 2], enable_http2: false}
deployment: {etcd: {host: ["https://e:2379"], user: root}}
`,
      {},
    )
    expect(apisix.node_listen).toEqual([
      { ip: '127.0.0.1', port: 1, enable_http2: false, with_ipv6: false },
      { ip: '0.0.0.0', port: 2, enable_http2: false, with_ipv6: true },
    ])
    expect(deployment.etcd).toMatchObject({ host: ['https://e:2379'], user: 'root', prefix: '/apisix' })
  })

  test('null removes what protects the Admin API, on purpose; other defaults come back', () => {
    const { admin: kept, etcd } = parseSettings(
      'deployment: {role: data_plane, admin: {allow_admin: null, admin_key: null}, etcd: {timeout: null, tls: null}}',
      {},
    ).deployment
    expect(kept).not.toHaveProperty('allow_admin')
    expect(kept).not.toHaveProperty('admin_key')
    expect(etcd).toMatchObject({ timeout: 30, tls: { verify: true } })
  })

  test('YAML is that of APISIX, version 1.1', () => {
    const { apisix, nginx_config } = parseSettings(
      'apisix: {enable_admin: no, enable_ipv6: off}\nnginx_config: {http: {real_ip_recursive: on}}\n---\nb: [',
      {},
    )
    expect([apisix.enable_admin, apisix.enable_ipv6]).toEqual([false, false])
    expect(nginx_config.http.real_ip_recursive).toBe(true)
  })

  test('the source is that of the role in force', () => {
    const text = 'deployment: {role_data_plane: {config_provider: yaml}}'
    expect(parseSettings(text, {}).deployment.config_provider).toBe('etcd')
    const { role, config_provider } = parseSettings(text, {}, 'data_plane').deployment
    expect([role, config_provider]).toEqual(['data_plane', 'yaml'])
  })

  test('one port, anchors, merge keys, a doubled key', () => {
    const text = `
apisix:
  node_listen: 9081
  node_listen: 9082
x: &base {ip: 127.0.0.1}
deployment: {admin: {admin_listen: {<<: *base, port: 1}}}
`
    const settings = parseSettings(text, {})
    expect(settings.apisix.node_listen).toMatchObject([{ port: 9082 }])
    expect(settings.deployment.admin.admin_listen).toEqual({ ip: '127.0.0.1', port: 1 })
  })

  test.each([
    [
      'apisix: {enable_admin: "x"}',
      'failed to merge, path[apisix->enable_admin] expect: boolean, but got: string',
    ],
    [
      'deployment: {etcd: {timeout: "3"}}',
      'failed to merge, path[deployment->etcd->timeout] expect: number, but got: string',
    ],
    ['apisix: 1', 'failed to merge, path[apisix] expect: table, but got: number'],
  ])('a change of type is refused: %s', (text, expected) => {
    expect(complaint(text)).toBe(expected)
  })

  test('times and sizes are numbers or texts', () => {
    const { http } = parseSettings(
      'nginx_config: {http: {keepalive_timeout: 1m 30s, send_timeout: 500ms, client_body_timeout: 5, client_max_body_size: 10m, real_ip_recursive: "on"}}',
      {},
    ).nginx_config
    expect(http).toMatchObject({
      keepalive_timeout: 90,
      send_timeout: 0.5,
      client_body_timeout: 5,
      client_max_body_size: 10_485_760,
      real_ip_recursive: true,
    })
    expect(complaint('nginx_config: {http: {send_timeout: soon}}')).toContain('http.send_timeout')
  })
})

describe('environment variables', () => {
  test('in values and keys, several in one, with defaults', () => {
    const text = `
deployment:
  \${{SECTION}}:
    admin_listen: {ip: "\${{ A }}.\${{B}}", port: "\${{PORT:=9181}}"}
# \${{NOT_LOOKED_AT}}
`
    expect(admin(text, { SECTION: 'admin', A: '127.0', B: '0.1' }).admin_listen).toEqual({
      ip: '127.0.0.1',
      port: 9181,
    })
  })

  test('a value that reads as number or boolean becomes that; as an admin key it matches nothing', () => {
    const text = 'deployment: {admin: {enable_admin_cors: "${{CORS}}", admin_key: [{key: "${{KEY}}"}]}}'
    const { enable_admin_cors, admin_key } = admin(text, { CORS: 'false', KEY: '12345' })
    expect(enable_admin_cors).toBe(false)
    expect(admin_key).toEqual([{ name: '', key: undefined, role: 'admin' }])
  })

  test('an empty default counts', () => {
    expect(admin('deployment: {admin: {admin_key: [{key: "${{KEY:=}}"}]}}').admin_key?.[0]?.key).toBe('')
  })

  test('a missing one is refused', () => {
    expect(complaint('weir: {embedded: {path: "${{NOPE}}"}}')).toBe(
      "failed to read local yaml config of apisix: failed to handle configuration: can't find environment variable NOPE",
    )
  })
})

describe('what is refused', () => {
  test.each([
    ['weir: {sore: etcd}', 'additional properties forbidden, found sore'],
    ['weir: {alerts: {webhook: "ftp://x"}}', 'property "webhook" validation failed'],
    ['weir: {limits: {header_size: 1}}', 'expected 1 to be at least 1024'],
    ['deployment: {role: boss}', 'property "role" validation failed: matches none of the enum values'],
    [
      'deployment: {role_control_plane: {config_provider: yaml}}',
      'property "config_provider" validation failed',
    ],
    ['deployment: {admin: {allow_admin: [somewhere]}}', 'allow_admin: invalid ip address: somewhere'],
    ['deployment: {admin: {admin_key: [], allow_admin: [10.0.0.0/8]}}', 'missing valid Admin API token'],
    ['deployment: {admin: {admin_key: null, allow_admin: null}}', 'missing valid Admin API token'],
    ['deployment: {admin: {admin_key: null, allow_admin: [0.0.0.0/0]}}', 'missing valid Admin API token'],
    ['deployment: {admin: {https_admin: true}}', 'missing ssl cert for https admin'],
    ['apisix: {trusted_addresses: [x]}', 'trusted_addresses: invalid ip address: x'],
    ['apisix: {control: {port: 9180}}', 'control port 9180 conflicts with admin port'],
    ['apisix: {status: {port: 9080}}', 'status port 9080 conflicts with node port'],
    ['- a', 'it should be a map'],
    ['a: [', 'invalid config.yaml file'],
  ])('%s', (text, expected) => {
    expect(complaint(text)).toContain(expected)
  })

  test('no complaint quotes a key', () => {
    const key = 'not-sixteen'
    expect(complaint(`apisix: {data_encryption: {keyring: [${key}]}}`)).not.toContain(key)
    expect(complaint(`deployment: {admin: {admin_key: [{key: ${key}, role: x}]}}`)).not.toContain(key)
    expect(complaint(`deployment:\n  admin: {key: ${key}, x: [}`)).not.toContain(key)
  })
})

test('keys without effect are named once, the others of their section work', () => {
  const settings = parseSettings(
    `
apisix: {proxy_cache: {zones: []}, enable_ipv6: false}
nginx_config: {http: {charset: utf-8}, worker_processes: 2}
discovery: {dns: {}}
plugin_attr: {opentelemetry: {collector: {address: "127.0.0.1:4318"}}}
plugins: [key-auth, ./my/plugin.ts]
`,
    {},
  )
  expect(settings.ignored).toEqual(['apisix.proxy_cache', 'nginx_config.http.charset', 'discovery'])
  expect(settings.apisix.enable_ipv6).toBe(false)
  expect(settings.nginx_config.worker_processes).toBe(2)
  expect(settings.plugins).toEqual(['key-auth', './my/plugin.ts'])
  expect(settings.plugin_attr['opentelemetry']).toEqual({ collector: { address: '127.0.0.1:4318' } })
})

test('a node on another address may have the same port', () => {
  expect(complaint('apisix: {node_listen: [{ip: 127.0.0.1, port: 1}, {ip: 127.0.0.2, port: 1}]}')).toBe('')
})

test('only a data plane has no Admin API in the way of its ports', () => {
  expect(complaint('{deployment: {role: data_plane}, apisix: {node_listen: 9180}}')).toBe('')
})
