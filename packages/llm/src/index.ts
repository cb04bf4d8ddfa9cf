export type * from './usage.ts'
export type * from './protocols/protocol.ts'
export { SseSplitter, sseCarryBytesMax } from './transport/sse-splitter.ts'
export { encodeSseEvent, parseSseEvent } from './transport/sse-event.ts'
