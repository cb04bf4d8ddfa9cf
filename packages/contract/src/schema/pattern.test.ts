import { describe, expect, test } from 'vitest'
import { compilePattern } from './index.ts'

describe('PCRE patterns', () => {
  test.each([
    [String.raw`\Aab\z`, 'ab', true],
    [String.raw`\Aab\z`, 'xab', false],
    [String.raw`a\Z`, 'a\n', true],
    ['(?i)HELLO', 'well, hello', true],
    ['(?i)c|[ab]', 'B', true],
    ['(?im)^b', 'a\nB', true],
    ['(?i:A)b', 'aB', false],
    ['[[:alpha:]_]+$', 'ab_', true],
    ['^[[:digit:]]+$', '12a', false],
    ['^[]a]+$', ']a', true],
    ['^[^]a]+$', 'b]', false],
    [String.raw`^(?P<q>['"])x(?P=q)$`, `'x'`, true],
    [String.raw`^(?P<q>['"])x(?P=q)$`, `'x"`, false],
    [String.raw`^\Qa.b\E$`, 'axb', false],
    [String.raw`a\hb`, 'a\tb', true],
    [String.raw`^[\h]$`, ' ', true],
    ['a(?#comment)b', 'ab', true],
    [String.raw`^[\p{L}][\p{L}\p{N}_.:/-]*(?<!:)$`, 'gpt-4:ö', true],
    [String.raw`^[\p{L}][\p{L}\p{N}_.:/-]*(?<!:)$`, 'a:', false],
    ['^[0-9a-zA-Z-._\\[\\]:]+$', 'a-b.c[1]', true],
    ['^(?!tag=)[ -~]*', 'tag', true],
    ['[+]+', '++', true],
  ])('%s on %j: %s', (pattern, text, matches) => {
    expect(compilePattern(pattern).test(text)).toBe(matches)
  })

  test.each(['(', 'a++', String.raw`\G`, '(?P>name)', '(?x) a b', '[[:nope:]]', String.raw`[\H]`])(
    '%s is refused',
    (pattern) => {
      expect(() => compilePattern(pattern)).toThrow(SyntaxError)
    },
  )
})
