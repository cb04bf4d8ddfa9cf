// Everything outside a plugin, for tests: give what the plugin under test uses, the rest says that it is missing.
import type { HealthView } from '@weir/upstream'
import type { Consumer, ConsumerIdentity, ConsumerLookup } from '../consumer.ts'
import type { PluginHost } from '../plugin.ts'
import { RecordingAlerts, RecordingLogger, RecordingMetrics } from './telemetry.ts'

export interface TestHost extends PluginHost {
  readonly log: RecordingLogger
  readonly metrics: RecordingMetrics
  readonly alerts: RecordingAlerts
}

export type TestHostOptions = Partial<Omit<PluginHost, 'log' | 'metrics' | 'alerts'>>

export function createTestHost(options: TestHostOptions = {}): TestHost {
  return {
    owner: { resourceKey: '/apisix/routes/1', kind: 'route', id: '1' },
    log: new RecordingLogger(),
    metrics: new RecordingMetrics(),
    alerts: new RecordingAlerts(),
    http: missing('http'),
    counters: missing('counters'),
    origins: missing('origins'),
    resolver: missing('resolver'),
    consumers: noConsumers,
    settings: { forwardClientCredentials: false, trustedAddresses: undefined },
    now: Date.now,
    metadata: () => undefined,
    health: () => alwaysHealthy,
    keep: (_key, _fingerprint, create) => create(),
    beforeEnd: () => () => undefined,
    ...options,
  }
}

/** Identities by `plugin/value`, for plugins that authenticate. */
export function testConsumers(identities: Readonly<Record<string, ConsumerIdentity>>): ConsumerLookup {
  const byUsername = new Map<string, Consumer>()
  for (const { consumer } of Object.values(identities)) byUsername.set(consumer.username, consumer)
  return {
    byAttribute: (plugin, value) => identities[`${plugin}/${value}`],
    byUsername: (username) => byUsername.get(username),
  }
}

const noConsumers = testConsumers({})

const alwaysHealthy: HealthView = {
  isUsable: () => true,
  anyUsable: () => true,
  version: 0,
  report: () => {},
  release: () => {},
}

/** Any use is a mistake of the test, which the message explains; no property is ever read from the stand-in. */
function missing(what: string): never {
  const refuse = () => {
    throw new Error(`this test gave the plugin no ${what}: createTestHost({ ${what}: ... })`)
  }
  // `never` fits every port, which is what a stand-in for any of them needs.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return new Proxy({}, { get: refuse }) as never
}
