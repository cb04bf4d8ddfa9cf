export { type ComprehendServer, startComprehendServer } from './comprehend-server.ts'
export { type LakeraServer, startLakeraServer } from './lakera-server.ts'
