export { freePort } from './free-port.ts'
export { type ProcessExit, type ProcessOptions, type RunningProcess, startProcess } from './process.ts'
