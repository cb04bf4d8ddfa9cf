// The executable: `weir start | control-plane | data-plane | check`. No TypeScript, and nothing imported before the cache
// is there: stripping the types of a single module would cost the process 11 MB for as long as it lives.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Compiled code is kept between starts, which makes them three times faster and saves the memory of the compiler.
// Beside the modules, since only who can change those may write there; worker threads find it through the variable.
const compileCache = fileURLToPath(new URL('../../../node_modules/.cache/compile', import.meta.url))
process.env['NODE_COMPILE_CACHE'] ??= compileCache
enableCompileCache(process.env['NODE_COMPILE_CACHE'])

const { main } = await import('./run-command.ts')
await main(process.argv.slice(2))
