// `pnpm dev`: both planes from source, restarted on save, with fake providers and the README's scenarios loaded.
import { join } from 'node:path'
import { loadDemo } from './demo.ts'
import { startFakes } from './fakes.ts'
import { portOf, startLocalGateway } from './local-gateway.ts'

const stateDirectory = join(import.meta.dirname, '..', '.weir', 'dev')
const fakes = await startFakes(portOf('WEIR_DEMO_PORT', 9191))
try {
  const gateway = await startLocalGateway({ stateDirectory, watch: true })
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => gateway.signal(name))
  console.log(
    `${await loadDemo(gateway, fakes)}\n\nSaving a file restarts the gateway. Admin key: ${gateway.adminKeyFile}\n`,
  )
  process.exitCode = await gateway.exited
} finally {
  await fakes.close()
}
