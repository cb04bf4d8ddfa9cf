// Parsed checks for tests, as the schema fills them.
import type { ActiveHealthCheck } from '@weir/contract'

export function activeCheck(more: Partial<ActiveHealthCheck> = {}): ActiveHealthCheck {
  return {
    type: 'http',
    timeout: 1,
    concurrency: 10,
    http_method: 'GET',
    http_path: '/',
    http_req_body: '',
    https_verify_certificate: true,
    healthy: { interval: 1, http_statuses: [200, 302], successes: 2 },
    unhealthy: {
      interval: 1,
      http_statuses: [429, 404, 500, 501, 502, 503, 504, 505],
      http_failures: 5,
      tcp_failures: 2,
      timeouts: 3,
    },
    ...more,
  }
}
