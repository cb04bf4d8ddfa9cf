export { startControlPlane } from './start.ts'
export type { ControlPlane, ControlPlaneOptions } from './start.ts'
export type { ReadPlugins } from './admin/reload-plugins.ts'
export { defaultLimits, type AdminLimits } from './http/limits.ts'
