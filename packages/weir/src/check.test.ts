import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runWeir } from './testing/weir-process.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-check-'))
})
afterEach(() => rm(directory, { recursive: true }))

async function check(config: object, files: Readonly<Record<string, string>> = {}) {
  await writeFile(join(directory, 'config.yaml'), JSON.stringify(config))
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text)
  const process = await runWeir(['check'], directory)
  const { code } = await process.exited
  return { code, stdout: process.stdout, stderr: process.stderr }
}

const standalone = (provider: string) => ({
  deployment: { role: 'data_plane', role_data_plane: { config_provider: provider } },
})

test('an embedded store that is not there yet has nothing wrong in it, and is not made', async () => {
  const { code, stdout } = await check({})
  expect(stdout).toBe('config.yaml and 0 documents: no problems\n')
  expect(code).toBe(0)
  expect(await readdir(directory)).toEqual(['config.yaml'])
})

test('apisix.yaml and apisix.json are looked into', async () => {
  const good = '{"id":"a","uri":"/a","upstream":{"nodes":{"127.0.0.1:1":1}}}'
  const bad = '{"id":"b","uri":"/b","upstream_id":"u"}'
  const json = await check(standalone('json'), { 'apisix.json': `{"routes":[${good},${bad}]}` })
  expect(json.stdout).toContain('/routes/b: refers to /upstreams/u, which does not exist\n')
  expect(json.stdout).toContain('config.yaml and 2 documents: 1 problem\n')
  expect(json.code).toBe(1)
  const yaml = await check(standalone('yaml'), { 'apisix.yaml': `routes: [${good}]\n#END\n` })
  expect(yaml.stdout).toContain('config.yaml and 1 document: no problems\n')
  expect(yaml.code).toBe(0)
})

test('a file that nobody can read is a problem', async () => {
  expect(await check(standalone('yaml'))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('apisix.yaml') as unknown,
  })
  const broken = await check(standalone('yaml'), { 'apisix.yaml': 'routes: [' })
  expect(broken.stderr).toContain('missing valid end flag')
  expect(broken.code).toBe(1)
})

test('settings without effect are named, and are no problem', async () => {
  const { code, stdout } = await check({ apisix: { enable_http2: false } })
  expect(stdout).toContain('without effect: apisix.enable_http2\n')
  expect(code).toBe(0)
})
