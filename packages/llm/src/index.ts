export type * from './usage.ts'
export type * from './protocols/protocol.ts'
