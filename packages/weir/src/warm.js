// Compiles what a start loads and keeps it, so that already the first start is as fast and as small as the later ones.
// Run once after an installation, by the user that starts the gateway: Node keeps a cache for each.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

enableCompileCache(
  process.env['NODE_COMPILE_CACHE'] ??
    fileURLToPath(new URL('../../../node_modules/.cache/compile', import.meta.url)),
)
for (const module of [
  './run-command.ts',
  './run.ts',
  '@weir/control-plane',
  '@weir/data-plane',
  '@weir/config-store/embedded',
  '@weir/config-store/etcd',
]) {
  await import(module)
}
process.exit(0)
