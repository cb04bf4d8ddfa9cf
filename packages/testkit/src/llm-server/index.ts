export { differentWords, parseScenario, type Scenario, type ToolCall, type Usage } from './scenario.ts'
export {
  type LlmServer,
  type LlmServerOptions,
  type RecordedRequest,
  type Script,
  startLlmServer,
} from './server.ts'
