import fc from 'fast-check'
import type { SecretState } from '@weir/secrets'
import { expect, test } from 'vitest'
import { DocumentSecrets, type Outcome } from './document-secrets.ts'

/** Counts who holds what. */
class Holder {
  readonly counts = new Map<string, number>()
  readonly #pending: ReadonlySet<string>

  constructor(pending: readonly string[] = []) {
    this.#pending = new Set(pending)
  }

  readonly find = (reference: string): SecretState =>
    this.#pending.has(reference) ? 'pending' : { value: reference }
  hold(reference: string) {
    this.counts.set(reference, (this.counts.get(reference) ?? 0) + 1)
  }
  release(reference: string) {
    const left = (this.counts.get(reference) ?? 0) - 1
    if (left < 0) throw new Error(`${reference} is released more often than held`)
    if (left === 0) this.counts.delete(reference)
    else this.counts.set(reference, left)
  }
}

const entryOf = (key: string, modRevision: number) => ({ key, value: '', createRevision: 1, modRevision })

test('a version that waits leaves what is in force in force', () => {
  const holder = new Holder(['new'])
  const secrets = new DocumentSecrets(holder)
  secrets.find('old')
  secrets.note(entryOf('/routes/1', 1), 'placed')
  secrets.find('new')
  expect(secrets.isPending).toBe(true)
  const newer = entryOf('/routes/1', 2)
  secrets.note(newer, 'waits')
  expect(secrets.isPending).toBe(false)
  expect(secrets.isWaiting).toBe(true)
  expect(secrets.waiting('/routes/1')).toBe(newer)
  expect([...holder.counts.keys()].toSorted()).toEqual(['new', 'old'])
  expect(secrets.usersOf(['new'])).toEqual(['/routes/1'])
  secrets.find('new')
  secrets.note(newer, 'placed')
  expect(secrets.waiting('/routes/1')).toBeUndefined()
  expect([...holder.counts.keys()]).toEqual(['new'])
})

test('after any history exactly what documents refer to is held', () => {
  const step = fc.record({
    key: fc.constantFrom('/routes/1', '/routes/2', '/consumers/jack'),
    outcome: fc.constantFrom<Outcome | 'forgotten'>('placed', 'rejected', 'waits', 'forgotten'),
    references: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd')),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const holder = new Holder()
      const secrets = new DocumentSecrets(holder)
      const inForce = new Map<string, readonly string[]>()
      const newer = new Map<string, readonly string[]>()
      for (const [i, { key, outcome, references }] of steps.entries()) {
        if (outcome === 'forgotten') {
          secrets.forget(key)
          inForce.delete(key)
        } else {
          for (const reference of references) secrets.find(reference)
          secrets.note(entryOf(key, i), outcome)
          if (outcome === 'placed') inForce.set(key, references)
        }
        if (outcome === 'placed' || outcome === 'forgotten') newer.delete(key)
        else newer.set(key, references)
      }
      const held = new Set([...inForce.values(), ...newer.values()].flat())
      expect(new Set(holder.counts.keys())).toEqual(held)
    }),
  )
})
