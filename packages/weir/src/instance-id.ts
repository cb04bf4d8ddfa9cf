// Who this instance is, from one start to the next (contract: etcd.md §7).
import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Settings } from '@weir/contract'

const FILE = 'apisix.uid'

/**
 * `apisix.id`, else what APISIX left beside config.yaml, else what an earlier start kept with our own files, else a new
 * one, which is kept there. Where nothing can be kept, the next start has another id.
 */
export async function instanceId({ apisix, weir }: Settings, directory: string): Promise<string> {
  if (apisix.id !== undefined) return apisix.id
  const own = join(dirname(weir.embedded.path), FILE)
  const known = (await read(join(directory, FILE))) ?? (await read(own))
  if (known !== undefined) return known
  const id = randomUUID()
  await keep(own, id).catch(() => undefined)
  return (await read(own)) ?? id
}

/** The file appears whole or not at all, and the first of several starts decides. */
async function keep(file: string, id: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.${id}`
  await writeFile(draft, `${id}\n`)
  try {
    await link(draft, file)
  } finally {
    await rm(draft)
  }
}

async function read(file: string): Promise<string | undefined> {
  const id = (await readFile(file, 'utf8').catch(() => '')).trim()
  return /^[\w.-]{1,64}$/.test(id) ? id : undefined
}
