// The files of docker/, as far as they can be checked without a container engine.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSettings } from '@weir/contract'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const docker = join(import.meta.dirname, '..', 'docker')
const read = (file: string) => readFileSync(join(docker, file), 'utf8')

test.each([
  ['config.yaml', 'traditional', 'embedded'],
  ['cp.yaml', 'control_plane', 'etcd'],
  ['dp.yaml', 'data_plane', 'etcd'],
])('%s is a whole configuration', (file, role, store) => {
  const settings = parseSettings(read(file), { WEIR_ADMIN_KEY: 'k' })
  expect(settings.deployment.role).toBe(role)
  expect(settings.weir.store).toBe(store)
  expect(settings.ignored).toEqual([])
})

test('no image starts without an admin key of its own', () => {
  expect(() => parseSettings(read('config.yaml'), {})).toThrow('WEIR_ADMIN_KEY')
  expect(() => parseSettings(read('cp.yaml'), {})).toThrow('WEIR_ADMIN_KEY')
})

test.each(['compose.yaml', 'compose.services.yaml'])('%s mounts files that exist', (file) => {
  expect(parse(read(file), { merge: true })).toHaveProperty('services')
  const mounted = [...read(file).matchAll(/- \.\/([^:\s]+):/g)].map((match) => match[1] ?? '')
  expect(mounted.filter((name) => !existsSync(join(docker, name)))).toEqual([])
})
