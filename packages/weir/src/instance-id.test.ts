import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseSettings } from '@weir/contract'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { instanceId } from './instance-id.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-id-'))
})
afterEach(() => rm(directory, { recursive: true }))

function settingsOf(apisix: object = {}, path = join(directory, 'own/weir.db')) {
  return parseSettings(JSON.stringify({ apisix, weir: { embedded: { path } } }), {})
}

test('an instance keeps the id that it made', async () => {
  const ids = await Promise.all([1, 2, 3].map(() => instanceId(settingsOf(), directory)))
  expect(ids[0]).toMatch(/^[\da-f-]{36}$/)
  expect(new Set([...ids, await instanceId(settingsOf(), directory)]).size).toBe(1)
  expect((await readFile(join(directory, 'own/apisix.uid'), 'utf8')).trim()).toBe(ids[0])
})

test('one that APISIX left goes before, and one of the settings before that', async () => {
  await instanceId(settingsOf(), directory)
  await writeFile(join(directory, 'apisix.uid'), 'left-by-apisix\n')
  expect(await instanceId(settingsOf(), directory)).toBe('left-by-apisix')
  expect(await instanceId(settingsOf({ id: 'given' }), directory)).toBe('given')
})

test('where nothing can be kept there is an id all the same', async () => {
  await writeFile(join(directory, 'apisix.uid'), 'no id at all')
  const id = await instanceId(settingsOf({}, '/dev/null/weir.db'), directory)
  expect(id).toMatch(/^[\da-f-]{36}$/)
})
