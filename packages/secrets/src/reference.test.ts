import { expect, test } from 'vitest'
import { parseSecretReference } from './reference.ts'

test.each([
  ['$secret://vault/1/team/jack/key', ['vault/1 team/jack key']],
  ['$SECRET://vault/1/jack/key', ['vault/1 jack key']],
  ['$secret://vault/1/jack', []],
  ['$secret://vault/1/jack/', []],
  ['$secret://vault/1/../jack/key', []],
  ['$secret://vault/1', []],
  ['$secret://aws/1/jack', ['aws/1 jack ']],
  ['$secret://aws/1/team/jack', ['aws/1 team jack', 'aws/1 team/jack ']],
  ['$secret://aws/1//jack', []],
  ['$secret://gcp/1/jack', ['gcp/1 jack ']],
  ['$secret://gcp/1/jack/deep/key', ['gcp/1 jack deep/key']],
])('%s', (text, expected) => {
  expect(parseSecretReference(text).map(({ manager, name, key }) => `${manager} ${name} ${key}`)).toEqual(
    expected,
  )
})
