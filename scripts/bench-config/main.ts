// `pnpm bench:config [--quick] [--routes N] [--consumers N] [--json FILE]`: what a large configuration costs, and
// whether that is what it must.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isMet, toTable } from './figures.ts'
import { fullPlan, measure, quickPlan } from './measure.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    routes: { type: 'string' },
    consumers: { type: 'string' },
    json: { type: 'string' },
  },
})
const plan = values.quick ? quickPlan : fullPlan
const size = {
  routes: Number(values.routes ?? plan.routes),
  consumers: Number(values.consumers ?? plan.consumers),
}

const home = await mkdtemp(join(tmpdir(), 'weir-bench-config-'))
try {
  const figures = await measure({ ...plan, ...size }, home, (step) => console.error(`${step} ...`))
  console.log(`\n${size.routes} routes, ${size.consumers} consumers\n\n${toTable(figures)}\n`)
  console.log(`Node ${process.versions.node}, ${cpus().length} CPUs (${cpus()[0]?.model ?? 'unknown'})`)
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, undefined, 2)}\n`)
  process.exitCode = figures.every(isMet) ? 0 : 1
} finally {
  await rm(home, { recursive: true, force: true })
}
