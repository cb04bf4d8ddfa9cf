import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@weir/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConfigStore } from '../store.ts'
import { openFileStore } from './file-store.ts'

let path: string
let store: ConfigStore | undefined
const problems: (string | undefined)[] = []
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'weir-file-')), 'apisix.yaml')
  problems.length = 0
})
afterEach(async () => {
  await store?.close()
  store = undefined
  await rm(join(path, '..'), { recursive: true })
})

const write = (text: string) => writeFile(path, `${text}\n#END\n`)

async function open(): Promise<ConfigStore> {
  store = await openFileStore({
    path,
    format: 'yaml',
    env: {},
    onProblem: (problem) => void problems.push(problem),
  })
  return store
}

const values = async (one: ConfigStore) => (await one.list('/')).entries.map(({ value }) => value)

describe('a file as a store', () => {
  test('takes over what is written, also twice within one second and with an older time', async () => {
    await write('routes: [{id: 1, uri: /a}]')
    const file = await open()
    expect(await values(file)).toEqual(['{"id":1,"uri":"/a"}'])
    for (const uri of ['/b', '/c', '/d']) {
      await write(`routes: [{id: 1, uri: ${uri}}]`)
      await until(async () => (await values(file))[0]?.includes(uri))
    }
    await write('routes: [{id: 1, uri: /e}]')
    await utimes(path, 1000, 1000)
    await until(async () => (await values(file))[0]?.includes('/e'))
    expect(problems).toEqual([])
  })

  test('keeps what it has while the file cannot be used, and says once why', async () => {
    await write('routes: [{id: 1}]')
    const file = await open()
    for (const [text, reason] of [
      ['routes: [{id: 2}]', 'missing valid end flag'],
      ['routes: [\n#END', 'failed to parse the content of the file'],
      ['#END', 'empty table'],
      ['routes: ${{NOT_THERE}}\n#END', "can't find environment variable NOT_THERE"],
    ] as const) {
      const before = problems.length
      await writeFile(path, text)
      await until(() => problems.slice(before).some((problem) => problem?.includes(reason)))
      expect(await values(file)).toEqual(['{"id":1}'])
    }
    await rm(path)
    await until(() => problems.at(-1)?.includes('ENOENT'))
    expect(await values(file)).toEqual(['{"id":1}'])
    await write('routes: []')
    await until(async () => (await values(file)).length === 0)
    expect(problems.at(-1)).toBeUndefined()
  })

  test('counts from the time of the file, so that a restart does not go back', async () => {
    await write('routes: [{id: 1}, {id: 2}]')
    await utimes(path, 1_700_000_000, 1_700_000_000)
    const { entries } = await (await open()).list('/')
    expect(entries.map(({ modRevision }) => modRevision)).toEqual([1_700_000_000, 1_700_000_001])
  })

  test('keeps the list of plugins that it was given last', async () => {
    await write('plugins: [{name: key-auth}]')
    const file = await open()
    await write('routes: [{id: 1}]')
    await until(async () => (await values(file)).length === 2)
    expect((await file.get('/plugins')).entry?.value).toBe('[{"name":"key-auth"}]')
  })

  test('waits for a file that is not there or not finished, but not for one that is wrong', async () => {
    await writeFile(path, 'routes: [{id: 1}]')
    const file = await open()
    const listed = values(file)
    await write('routes: [{id: 1}]')
    expect(await listed).toEqual(['{"id":1}'])
    await file.close()
    for (const wrong of ['routes: [\n#END', '#END', 'a: ${{NOT_THERE}}\n#END']) {
      await writeFile(path, wrong)
      await expect(open()).rejects.toThrow(path)
    }
  })

  test('a long one is parsed by a thread of its own', async () => {
    const routes = Array.from(
      { length: 2_000 },
      (_, i) => `- {id: ${i + 1}, uri: "/${i}", desc: "\${{TEXT:=x}}"}`,
    )
    await write('routes: []')
    const file = await open()
    await write(`routes:\n${routes.join('\n')}`)
    await until(async () => (await values(file)).length === routes.length)
    await writeFile(path, `routes:\n${routes.join('\n')}\n  x: [\n#END`)
    await until(() => problems.at(-1)?.includes('failed to parse'))
  })
})
