import { parseSettings } from '@weir/contract'
import { expect, test } from 'vitest'
import { expirySeconds, metricsShape } from './metrics-shape.ts'

const settingsOf = (prometheus: object) => parseSettings(JSON.stringify({ plugin_attr: { prometheus } }), {})

test('buckets, extra labels and expiry come from plugin_attr.prometheus', () => {
  const settings = settingsOf({
    default_buckets: [50, 5],
    llm_prompt_tokens_buckets: [100],
    metrics: {
      http_status: { extra_labels: [{ agent: '$http_user_agent' }, { zone: 'west' }], expire: 60 },
      upstream_status: { expire: 60 },
    },
  })
  expect(metricsShape(settings)).toEqual({
    buckets: { http_latency: [5, 50], llm_prompt_tokens_dist: [100] },
    extraLabels: {
      http_status: [
        { name: 'agent', value: '$http_user_agent' },
        { name: 'zone', value: 'west' },
      ],
    },
  })
  // The page writes it anew each time, so it is never old.
  expect(expirySeconds(settings)).toEqual({ http_status: 60 })
})

test('without any, all is as in the contract', () => {
  expect(metricsShape(settingsOf({}))).toEqual({ buckets: {}, extraLabels: {} })
  expect(expirySeconds(settingsOf({}))).toEqual({})
})

test.each([
  ['of the metric itself', [{ route: '$uri' }], 'a label route already'],
  ['of a histogram', [{ le: '1' }], 'a label le already'],
  ['given twice', [{ a: '1' }, { a: '2' }], 'a label a already'],
])('a label with the name of one %s is refused', (_which, extra_labels, message) => {
  const settings = settingsOf({ metrics: { http_latency: { extra_labels } } })
  expect(() => metricsShape(settings)).toThrow(message)
})

test('names that Prometheus does not take are refused', () => {
  expect(() => settingsOf({ metrics: { http_status: { extra_labels: [{ 'a-b': '1' }] } } })).toThrow(
    'extra_labels',
  )
})
