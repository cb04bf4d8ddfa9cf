import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Directory } from './directory.ts'
import type { Document } from './document.ts'

const facts = {
  name: undefined,
  uris: [],
  labels: [],
  serviceId: undefined,
  upstreamId: undefined,
  hasPlugins: false,
}

const change = fc.record({
  key: fc.constantFrom('/r/a', '/r/b', '/r/c', '/r/d', '/r/e', '/r/f'),
  createRevision: fc.integer({ min: 1, max: 5 }),
  isDeleted: fc.boolean(),
})

it('both orders are those of a sort, after any changes', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const directory = new Directory()
      const expected = new Map<string, Document>()
      for (const { key, createRevision, isDeleted } of changes) {
        const document = { key, value: '{}', createRevision, modRevision: createRevision, facts, terms: [] }
        if (isDeleted) {
          directory.delete(key)
          expected.delete(key)
        } else {
          directory.set(document)
          expected.set(key, document)
        }
      }
      const byKey = [...expected.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1))
      expect(directory.byKey()).toEqual(byKey)
      expect(directory.byCreation()).toEqual(byKey.toSorted((a, b) => a.createRevision - b.createRevision))
      expect(directory.isEmpty).toBe(expected.size === 0)
    }),
  )
})
