export { type DataPlaneOptions, startDataPlane } from './start.ts'
export type { DataPlane } from './data-plane.ts'
