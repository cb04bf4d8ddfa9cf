import { ssl } from '@weir/contract'
import { createCertificateAuthority } from '@weir/testkit'
import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { type Certificate, clientPair, parseCertificate } from './certificate.ts'
import { type CertificateDocument, CertificateTable } from './certificate-table.ts'
import type { ParseServices } from './parse-plugins.ts'

const authority = await createCertificateAuthority()
afterAll(() => authority.remove())
const files = authority.issue('a', 'DNS:a.test')
const pair = { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') }

function parse(document: object, findSecret?: ParseServices['findSecret']): Certificate | string {
  const parsed = ssl.parse({ id: '1', ...document })
  if (!parsed.ok) return parsed.error
  return parseCertificate(parsed.value, {
    environment: {},
    decryptKey: (key) => (key.startsWith('---') ? key : undefined),
    findSecret,
    decrypt: (config) => config,
    warn: () => {},
    get catalog(): never {
      throw new Error('certificates have no plugins')
    },
  })
}

const references = { sni: 'a.test', cert: '$secret://vault/1/a/cert', key: '$secret://vault/1/a/key' }

test('secrets are waited for, and missed', () => {
  expect(parse(references, () => 'pending')).toMatchObject({ names: ['a.test'], pairs: [] })
  expect(parse(references, () => 'unresolved')).toMatch(/^failed to fetch the secrets/)
  const found = parse(references, (name) => ({ value: name.endsWith('key') ? pair.key : pair.cert }))
  expect(found).toMatchObject({ pairs: [pair] })
})

test('what cannot be used is named by what it is, without its text', () => {
  const unreadable = 'u'.repeat(200)
  expect(parse({ sni: 'a', ...pair, cert: unreadable })).toMatch(/^failed to parse cert/)
  expect(parse({ sni: 'a', ...pair, key: unreadable })).toBe('failed to decrypt previous encrypted key')
  expect(parse({ sni: 'a', ...pair, certs: [pair.cert], keys: [`---${unreadable}`] })).toMatch(
    /^failed to handle cert-key pair\[1\]: failed to parse key/,
  )
  expect(parse({ sni: 'a', ...pair, client: { ca: unreadable } })).toMatch(/^failed to validate client_cert/)
  const skip_mtls_uri_regex = ['(']
  expect(parse({ sni: 'a', ...pair, client: { ca: pair.cert, skip_mtls_uri_regex } })).toMatch(/regex/)
})

test('only certificates for clients are shown to upstreams', () => {
  const client = parse({ type: 'client', ...pair })
  const off = parse({ type: 'client', ...pair, status: 0 })
  const server = parse({ sni: 'a.test', ...pair })
  const shown = [client, off, server].map((one) => (typeof one === 'string' ? one : clientPair(one)))
  expect(shown).toEqual([pair, undefined, undefined])
})

function documentOf(id: string, names: readonly string[], created = 1): CertificateDocument {
  const value: Certificate = {
    type: 'server',
    isOn: true,
    names,
    pairs: [pair],
    client: undefined,
    protocols: undefined,
  }
  const entry = { key: `/ssls/${id}`, value: '', createRevision: created, modRevision: created }
  return { kind: 'ssls', id, resourceKey: id, entry, value, layer: new Map(), identities: [] }
}

test('a wildcard stands for one label, and an exact name is stronger', () => {
  const label = fc.stringMatching(/^[a-z0-9-]{1,8}$/)
  fc.assert(
    fc.property(label, label, label, (a, b, c) => {
      const table = new CertificateTable('fallback.test')
      table.set(documentOf('wild', [`*.${c}.test`]))
      table.set(documentOf('exact', [`${a}.${c}.test`]))
      expect(table.find(`${a}.${c}.test`)?.id).toBe('exact')
      expect(table.find(`${a}x.${c}.test`)?.id).toBe('wild')
      for (const name of [`${a}.${b}.${c}.test`, `${c}.test`, undefined])
        expect(table.find(name)).toBeUndefined()
    }),
  )
})

test('the dot that may end a name is no part of it', () => {
  const table = new CertificateTable('f.test.')
  table.set(documentOf('plain', ['*.a.test']))
  table.set(documentOf('dotted', ['b.test.', 'f.test']))
  expect(table.find('x.a.test.')?.id).toBe('plain')
  expect(table.find('b.test')?.id).toBe('dotted')
  expect(table.find(undefined)?.id).toBe('dotted')
  table.delete('dotted')
  expect(table.find('b.test')).toBeUndefined()
})

test('of several documents with one name the oldest counts, and the next one after it is gone', () => {
  const table = new CertificateTable('a.test')
  table.set(documentOf('young', ['a.test', '*a.test'], 2))
  table.set(documentOf('old', ['a.test'], 1))
  expect(table.find(undefined)?.id).toBe('old')
  table.delete('old')
  expect(table.find('A.test')?.id).toBe('young')
  expect(table.find('xa.test')?.id).toBe('young')
  table.set(documentOf('young', ['b.test'], 2))
  expect(table.find('a.test')).toBeUndefined()
  expect(table.find('b.test')?.id).toBe('young')
})
