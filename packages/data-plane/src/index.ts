export { type DataPlane, type DataPlaneOptions, startDataPlane } from './workers/index.ts'
