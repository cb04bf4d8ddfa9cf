import { describe, expect, it } from 'vitest'
import { factsOf, type Document } from '../view/document.ts'
import { selectPage, type Page } from './list-query.ts'

const routeFilters = new Set(['service_id', 'upstream_id'])

function document(id: string, createRevision: number, value: Record<string, unknown>): Document {
  const facts = factsOf(value)
  const text = JSON.stringify(value)
  return { key: `/routes/${id}`, value: text, createRevision, modRevision: createRevision, facts, terms: [] }
}

const documents = [
  document('a', 9, { name: 'first', uri: '/a', labels: { env: 'prod' }, service_id: '1' }),
  document('b', 2, { uris: ['/b', '/shared'], service_id: 1, upstream_id: 'u' }),
  document('c', 5, { name: 'third', uri: '/shared/c', labels: { team: 'x', env: 'dev' } }),
]
const orders = {
  byKey: () => documents,
  byCreation: () => documents.toSorted((one, other) => one.createRevision - other.createRevision),
}

async function select(query: string): Promise<Page> {
  const page = await selectPage(orders, new URLSearchParams(query), routeFilters)
  if ('complaint' in page) throw new Error(page.complaint)
  return page
}

const keysOf = (page: Page) => page.documents.map(({ key }) => key.slice('/routes/'.length))

describe('lists', () => {
  it.each([
    ['', ['a', 'b', 'c']],
    ['name=r', ['a', 'c']],
    ['name=^nil$', ['b']],
    ['label=env', ['a', 'c']],
    ['label=env&name=third', ['c']],
    ['uri=^/shared', ['b', 'c']],
    ['filter=service_id%3D1', ['a']],
    ['filter=upstream_id%3Du', ['b']],
    ['filter=service_id%3Dx%26service_id%3D1', ['a']],
    ['filter=unknown%3D1', ['a', 'b', 'c']],
    ['page=1', ['a', 'b', 'c']],
    ['page=x&page_size=10', ['a', 'b', 'c']],
    ['page=1&page_size=10', ['b', 'c', 'a']],
    ['page=-4&page_size=500', ['b', 'c', 'a']],
    ['page=2&page_size=10', []],
  ])('%s', async (query, expected) => {
    expect(keysOf(await select(query))).toEqual(expected)
  })

  it('counts what the filters left, not what the page shows', async () => {
    expect(await select('page=2&page_size=10&label=env')).toMatchObject({
      total: 2,
      documents: [],
      paged: true,
    })
  })

  it.each(['page=1&page_size=9', 'page=1&page_size=501', 'page=1&page_size=-1'])(
    'refuses %s',
    async (query) => {
      expect(await selectPage(orders, new URLSearchParams(query), routeFilters)).toEqual({
        complaint: 'page_size must be between 10 and 500',
        plain: true,
      })
    },
  )

  it('says what is wrong with an expression', async () => {
    expect(await selectPage(orders, new URLSearchParams('name=('), routeFilters)).toMatchObject({
      complaint: expect.stringContaining('invalid argument name: Invalid regular expression'),
    })
  })

  it('gives up an expression that never ends', async () => {
    const slow = [document('a', 1, { name: `${'a'.repeat(200)}!` })]
    const page = await selectPage(
      { byKey: () => slow, byCreation: () => slow },
      new URLSearchParams({ name: '^(a+)+$' }),
      routeFilters,
    )
    expect(page).toMatchObject({ complaint: expect.stringContaining('takes longer than') })
  })

  it('searches many documents in turns that nobody notices', async () => {
    const many = Array.from({ length: 30_000 }, (_, i) => document(`d${i}`, i, { name: `name-${i}` }))
    let turns = 0
    let ticking = setImmediate(function tick() {
      turns += 1
      ticking = setImmediate(tick)
    })
    const found = await selectPage(
      { byKey: () => many, byCreation: () => many },
      new URLSearchParams({ name: '-(1+)+$' }),
      routeFilters,
    )
    clearImmediate(ticking)
    expect(found).toMatchObject({ total: 5 })
    expect(turns).toBeGreaterThan(3)
  })
})
