// ./scripts/quickstart [--demo]: both planes in the foreground, on the embedded store.
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadDemo } from './demo.ts'
import { type Fakes, startFakes } from './fakes.ts'
import { type LocalGateway, portOf, startLocalGateway } from './local-gateway.ts'

const usage = `./scripts/quickstart [--demo]

Starts both planes on the embedded store and stays in the foreground; Ctrl-C ends it.
  --demo   also starts three fake model servers and a fake moderation service, and loads three scenarios to try

WEIR_ADMIN_PORT (9180), WEIR_PROXY_PORT (9080), WEIR_STATUS_PORT (7085), WEIR_CONTROL_PORT (9090),
WEIR_METRICS_PORT (9091) and WEIR_DEMO_PORT (9191, and the three after it) choose other ports,
WEIR_STATE_DIR (.weir) another folder for keys and data.`

function readArguments(): { demo: boolean; help: boolean } {
  try {
    const { values } = parseArgs({
      options: { demo: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    })
    return values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return process.exit(2)
  }
}

function introduction(gateway: LocalGateway): string {
  const keyFile = relative(process.cwd(), gateway.adminKeyFile)
  return `
Weir is running. Admin API: ${gateway.adminUrl}, proxy: ${gateway.proxyUrl}
The admin key is in ${keyFile}; configuration, data and access.log lie beside it.

Try: curl -s ${gateway.adminUrl}/apisix/admin/routes -H "X-API-KEY: $(cat ${keyFile})"
`
}

const { demo, help } = readArguments()
if (help) {
  console.log(usage)
  process.exit(0)
}

let gateway: LocalGateway | undefined
let fakes: Fakes | undefined
let stopping = false
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    stopping ||= name !== 'SIGHUP'
    if (gateway) gateway.signal(name)
    else if (stopping) process.exit(1)
  })
}

try {
  const root = join(import.meta.dirname, '..')
  const stateDirectory = resolve(process.env['WEIR_STATE_DIR'] ?? join(root, '.weir'))
  if (demo) fakes = await startFakes(portOf('WEIR_DEMO_PORT', 9191))
  gateway = await startLocalGateway({ stateDirectory })
  console.log(introduction(gateway))
  if (fakes) console.log(`${await loadDemo(gateway, fakes)}\n`)
  process.exitCode = await gateway.exited
} catch (error) {
  if (!stopping) console.error(error instanceof Error ? error.message : error)
  gateway?.signal('SIGTERM')
  await gateway?.exited
  process.exitCode = 1
} finally {
  await fakes?.close()
}
