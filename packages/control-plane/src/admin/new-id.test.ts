import { expect, test } from 'vitest'
import { startTestPlane } from '../testing/test-plane.ts'

const COPIES = 40

test('a new document never takes the id of one that came from a store whose revisions were further', async () => {
  const plane = await startTestPlane()
  try {
    const { revision } = await plane.store.get('/')
    // After the copies themselves, these are the ids that come next.
    const coming = Array.from({ length: COPIES }, (_, i) =>
      String(revision + COPIES + i + 1).padStart(20, '0'),
    )
    for (const id of coming) {
      await plane.store.put(`/upstreams/${id}`, JSON.stringify({ id, nodes: { '127.0.0.1:1': 1 } }))
    }
    const posts = Array.from({ length: COPIES / 2 }, () =>
      plane.post('/upstreams', { nodes: { '127.0.0.1:2': 1 } }),
    )
    for (const made of await Promise.all(posts)) {
      expect(made.status).toBe(201)
      expect(made.json).toHaveProperty('value.id', expect.stringMatching(/^\d{20}$/))
    }
    expect((await plane.get('/upstreams')).json).toMatchObject({ total: COPIES + COPIES / 2 })
    for (const id of coming) {
      expect((await plane.get(`/upstreams/${id}`)).json).toHaveProperty('value.nodes', { '127.0.0.1:1': 1 })
    }
  } finally {
    await plane.close()
  }
})
