export { freePort } from './free-port.ts'
export { leash } from './leash.ts'
export { type ProcessExit, type ProcessOptions, type RunningProcess, startProcess } from './process.ts'
