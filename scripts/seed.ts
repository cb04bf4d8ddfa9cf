// `pnpm seed [NAME ...]`: loads the scenarios of scripts/seeds/*.json, or the named ones, through the Admin API.
// {{NAME}} in them is taken from the environment, and else points at what `./scripts/quickstart --demo` starts.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAdminApi } from './admin-api.ts'
import { portOf } from './local-gateway.ts'
import { loadSeed, putSeed, seedNames, type SeedValues } from './seeds.ts'

const demoPort = portOf('WEIR_DEMO_PORT', 9191)
const values: SeedValues = {
  CLOUD: `127.0.0.1:${demoPort}`,
  SELF_HOSTED_B: `127.0.0.1:${demoPort + 1}`,
  SELF_HOSTED_C: `127.0.0.1:${demoPort + 2}`,
  MODERATION: `127.0.0.1:${demoPort + 3}`,
  MODERATION_KEY_ID: 'test-access-key',
  MODERATION_KEY_SECRET: 'test-access-secret',
  ...definedOf(process.env),
}
const keyFile = join(process.env['WEIR_STATE_DIR'] ?? join(import.meta.dirname, '..', '.weir'), 'admin.key')
const key = process.env['WEIR_ADMIN_KEY'] ?? (await readFile(keyFile, 'utf8')).trim()
const url = process.env['WEIR_ADMIN_URL'] ?? `http://127.0.0.1:${portOf('WEIR_ADMIN_PORT', 9180)}`
const admin = createAdminApi(url, key)
const named = process.argv.slice(2)
for (const name of named.length > 0 ? named : await seedNames()) {
  const seed = await loadSeed(name, values)
  await putSeed(admin, seed)
  console.log(`${name}: ${seed.puts.map(({ path }) => path).join(', ')}`)
}

function definedOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const defined: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) defined[name] = value
  return defined
}
