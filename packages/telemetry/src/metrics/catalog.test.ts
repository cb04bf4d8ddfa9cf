import { describe, expect, test } from 'vitest'
import { declarationOf } from './catalog.ts'

/** From the metrics page of an APISIX 3.18: name without prefix, type, labels in their order. */
const recorded: readonly (readonly [name: string, type: string, labels: string])[] = [
  ['bandwidth', 'counter', 'type route service consumer node request_type request_llm_model llm_model'],
  ['etcd_modify_indexes', 'gauge', 'key'],
  ['etcd_reachable', 'gauge', ''],
  ['http_latency', 'histogram', 'type route service consumer node request_type request_llm_model llm_model'],
  ['http_requests_total', 'gauge', ''],
  [
    'http_status',
    'counter',
    'code route matched_uri matched_host service consumer node request_type request_llm_model llm_model response_source',
  ],
  [
    'llm_active_connections',
    'gauge',
    'route route_id matched_uri matched_host service service_id consumer node request_type request_llm_model llm_model',
  ],
  [
    'llm_completion_tokens_dist',
    'histogram',
    'route_id service_id consumer node request_type request_llm_model llm_model',
  ],
  [
    'llm_completion_tokens',
    'counter',
    'route_id service_id consumer node request_type request_llm_model llm_model',
  ],
  [
    'llm_latency',
    'histogram',
    'type route_id service_id consumer node request_type request_llm_model llm_model',
  ],
  [
    'llm_prompt_tokens_dist',
    'histogram',
    'route_id service_id consumer node request_type request_llm_model llm_model',
  ],
  [
    'llm_prompt_tokens',
    'counter',
    'route_id service_id consumer node request_type request_llm_model llm_model',
  ],
  ['nginx_http_current_connections', 'gauge', 'state'],
  ['nginx_metric_errors_total', 'counter', ''],
  ['node_info', 'gauge', 'hostname version'],
]

describe('the catalog', () => {
  test.each(recorded)('has %s as recorded', (name, type, labels) => {
    const declaration = declarationOf(name)
    expect([declaration.type, declaration.labels.join(' ')]).toEqual([type, labels])
  })
})
