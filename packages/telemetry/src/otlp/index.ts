// OpenTelemetry's own packages at work. Some 25 MB of memory: to be imported when a configuration asks for it.
export { type OtlpExport, openOtlp, type RequestTracer, type StartedSpan } from './otlp-export.ts'
export type * from './types.ts'
