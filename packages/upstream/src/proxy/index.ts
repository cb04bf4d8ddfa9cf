export type * from './types.ts'
export { createCompiledUpstreams, type CompiledUpstreamsOptions } from './compiled-upstreams.ts'
