import { expect, test } from 'vitest'
import { readMigrateArguments } from './arguments.ts'

test.each([
  ['', 'the source is missing'],
  ['--etcd http://a --file b', 'only one of --etcd and --file'],
  ['--file b --user a', '--user belongs to --etcd'],
  ['--file b --admin-key-file a', '--admin-key-file belongs to --admin'],
  ['-c a --force', '--force belongs to --apply'],
  ['-c a --apply', '--apply needs to know where to'],
  ['--file b --to-prefix /x --apply', '--apply needs to know where to'],
  ['-c a --format csv', '--format is table or json, not csv'],
  ['-c a more', 'more'],
  ['-c a --what', '--what'],
])('%s: %s', (line, error) => {
  const read = readMigrateArguments(line.split(' ').filter((word) => word !== ''))
  expect(read).toMatchObject({ error: expect.stringContaining(error) as unknown })
})

test('an etcd may have several members, given together or one by one', () => {
  const read = readMigrateArguments('--etcd http://a,http://b --etcd http://c --prefix /x'.split(' '))
  const hosts = ['http://a', 'http://b', 'http://c']
  expect(read).toMatchObject({ source: { kind: 'etcd', hosts, prefix: '/x' }, format: 'table' })
})

test('the configuration is the source where nothing else is', () => {
  expect(readMigrateArguments(['-c', 'a'])).toMatchObject({ config: 'a', source: { kind: 'config' } })
  expect(readMigrateArguments(['--help'])).toBe('help')
})
