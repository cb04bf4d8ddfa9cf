import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizePath, type PathOptions } from './normalize-path.ts'

const off: PathOptions = {
  delete_uri_tail_slash: false,
  normalize_uri_like_servlet: false,
  match_uri_encoded_slash: false,
}

describe('normalizePath', () => {
  test.each([
    ['/a/b', '/a/b'],
    ['//a///b/', '/a/b/'],
    ['/a/./b/../c', '/a/c'],
    ['/a/b/..', '/a/'],
    ['/%61%2fb', '/a/b'],
    ['/a%2F..%2Fb', '/b'],
    ['/%E4%B8%AD', '/中'],
    ['/a#frag', '/a'],
    ['/a/.hidden', '/a/.hidden'],
    ['/', '/'],
  ])('%s becomes %s', (raw, path) => expect(normalizePath(raw, off)).toEqual({ path, matched: path }))

  test.each(['/..', '/a/../..', '/%', '/%zz', '/%00', '*', 'a'])('refuses %s', (raw) => {
    expect(normalizePath(raw, off)).toBeUndefined()
  })

  test('may remove one slash at the end', () => {
    const options = { ...off, delete_uri_tail_slash: true }
    expect(normalizePath('/a/b/', options)?.path).toBe('/a/b')
    expect(normalizePath('/', options)?.path).toBe('/')
  })

  test('may cut parameters as servlets do', () => {
    const options = { ...off, normalize_uri_like_servlet: true }
    expect(normalizePath('/a;x=1/b;y', options)?.path).toBe('/a/b')
    expect(normalizePath('/a/..;x/b', options)).toBeUndefined()
    expect(normalizePath('/a/;x/b', options)).toBeUndefined()
  })

  test('may keep encoded slashes for matching', () => {
    const options = { ...off, match_uri_encoded_slash: true }
    expect(normalizePath('/a%2fb/../c', options)).toEqual({ path: '/a/c', matched: '/c' })
    expect(normalizePath('/x/a%2Fb', options)).toEqual({ path: '/x/a/b', matched: '/x/a%2Fb' })
  })

  test('never answers dot segments or double slashes', () => {
    const piece = fc.constantFrom('/', '//', '.', '..', 'a', '%2e', '%2F', ';p', '%41')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const path = normalizePath(`/${pieces.join('')}`, off)?.path
        if (path !== undefined) expect(path).not.toMatch(/\/\/|\/\.\.?(\/|$)/)
      }),
    )
  })
})
