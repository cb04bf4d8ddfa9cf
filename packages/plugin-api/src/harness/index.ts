// What plugin authors test with: made-up requests, a recording host, and a run through all phases.
export { createTestContext, testConsumer, type TestContext, type TestContextOptions } from './context.ts'
export { deliver, type Delivered, toResponse } from './deliver.ts'
export { createTestExchange, type TestExchangeOptions } from './exchange.ts'
export { createTestHost, testConsumers, type TestHost, type TestHostOptions } from './host.ts'
export { createTestRequest, type TestRequest } from './request.ts'
export {
  complaintAbout,
  createInstance,
  runInstance,
  runPlugin,
  type RunOptions,
  type RunResult,
} from './run-plugin.ts'
export { type LogLine, RecordingAlerts, RecordingLogger, RecordingMetrics } from './telemetry.ts'
