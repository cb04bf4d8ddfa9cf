export type * from './types.ts'
export { type CompiledUpstreamsOptions, createCompiledUpstreams } from './compiled-upstreams.ts'
