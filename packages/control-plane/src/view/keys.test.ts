import { describe, expect, it } from 'vitest'
import { nameOf } from './keys.ts'

describe('names of documents', () => {
  it.each([
    ['/routes/1', { directory: 'routes', id: '1' }],
    ['/secrets/vault/1', { directory: 'secrets', id: 'vault/1' }],
    ['/consumers/jack', { directory: 'consumers', id: 'jack' }],
    ['/consumers/jack/credentials/c', { directory: 'credentials', id: 'c', parent: 'jack' }],
    [
      '/services/s/graphql_cost_decorations/d',
      { directory: 'graphql_cost_decorations', id: 'd', parent: 's' },
    ],
  ])('%s', (key, name) => {
    expect(nameOf(key)).toEqual(name)
  })

  it.each(['/plugins', '/gen_id', '/routes/', '/consumers/jack/other/x', '/consumers/jack/credentials'])(
    '%s is none',
    (key) => {
      expect(nameOf(key)).toBeUndefined()
    },
  )
})
