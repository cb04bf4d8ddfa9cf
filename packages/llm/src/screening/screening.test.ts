// Patterns of PCRE, and what they judge.
import { describe, expect, test } from 'vitest'
import { screenPieces } from '../large/text-thread.ts'
import { compilePatterns, patternComplaint } from './pattern.ts'
import { createScreen, type ScreeningRules } from './screen.ts'

const found = (source: string, text: string) => compilePatterns([source]).test(text)

describe('a pattern', () => {
  test.each([
    ['bomb|(?i)explosive', 'EXPLOSIVE', true],
    ['bomb|(?i)explosive', 'BOMB', false],
    ['(?i)ignore (?:all )?instructions', 'Ignore ALL Instructions', true],
    [String.raw`\bid\b`, 'an id.', true],
    [String.raw`\bid\b`, 'idea', false],
    ['(?P<name>a)|(?<name>b)', 'b', true],
    ['end$', 'the end\n', true],
    ['end$', 'end\nmore', false],
    ['(?m)end$', 'end\nmore', true],
    [String.raw`end\Z`, 'end\n', true],
    [String.raw`end\z`, 'end\n', false],
    [String.raw`\Aend`, 'the end', false],
    [String.raw`a\hb`, 'a\tb', true],
    [String.raw`[\hx]b`, 'a b', true],
    [String.raw`a\sb`, 'a\vb', true],
    [String.raw`[^\s]b`, '\vb', false],
    [String.raw`\Qa.b(\E+`, 'a.b((', true],
    [String.raw`[[:alpha:]]+[$]`, 'abc$', true],
    ['[]a]b', ']b', true],
    [String.raw`\Q(a\|b`, String.raw`(a\|b`, true],
    [String.raw`[\Q^]-\Ea]{4}`, 'a]-^', true],
    [String.raw`[[:digit:]\s]b`, '\vb', true],
    ['[a[]$', '[\n', true],
    ['a(?#never mind)b', 'ab', true],
    [String.raw`\p{Han}`, '漢', true],
    ['^.$', '😀', true],
    [String.raw`\d`, '٣', false],
    [String.raw`\$\(`, '$(', true],
    ['', 'anything', true],
  ])('%s in %j: %s', (source, text, expected) => {
    expect(patternComplaint('deny', source)).toBeUndefined()
    expect(found(source, text)).toBe(expected)
  })

  test.each([
    ['(', 'invalid deny_pattern: ('],
    ['[a', 'invalid deny_pattern: [a'],
    ['a**', 'invalid deny_pattern: a**'],
    ['(?=a)b', 'invalid deny_pattern: (?=a)b ((?= is not supported)'],
    ['(?<!a)b', 'invalid deny_pattern: (?<!a)b ((?<! is not supported)'],
    [String.raw`(a)\1`, String.raw`invalid deny_pattern: (a)\1 (\1 is not supported)`],
    ['a++', 'invalid deny_pattern: a++ (++ is not supported)'],
    ['(?>a)', 'invalid deny_pattern: (?>a) ((?> is not supported)'],
    ['a{0,2000}', 'invalid deny_pattern: a{0,2000} ({0,2000} is not supported)'],
    ['[+*]+(', 'invalid deny_pattern: [+*]+('],
  ])('%s is refused', (source, complaint) => {
    expect(patternComplaint('deny', source)).toBe(complaint)
    expect(() => compilePatterns([source])).toThrow('error parsing regexp')
  })

  test('that is quoted to its end leaves others alone', () => {
    const patterns = compilePatterns([String.raw`\Qa.b`, 'c.d'])
    expect(['a.b', 'axb', 'cxd'].map((text) => patterns.test(text))).toEqual([true, false, true])
  })

  test('of many is found where any is, each with its own flags', () => {
    const patterns = compilePatterns(['(?i)a|b', 'c|d'])
    expect(['A', 'B', 'd', 'D', 'e'].map((text) => patterns.test(text))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
  })

  test.each(['(a+)+b', '(a|a)*b', '.*a.*a.*b', '(?i)(secret|password).*(reveal|show)'])(
    '%s takes no longer than the text is long',
    (source) => {
      const beganAt = performance.now()
      expect(found(source, 'a secret '.repeat(7000))).toBe(
        source === '(a+)+b' ? false : found(source, 'a secret '),
      )
      // Trying it all out takes from a minute to the end of days.
      expect(performance.now() - beganAt).toBeLessThan(5000)
    },
  )
})

const rules: ScreeningRules = { allow: [], deny: ['bad'], allRoles: false, allHistory: false }
const body = {
  system: 'bad',
  messages: [
    { role: 'user', content: 'bad' },
    { role: 'assistant', content: 'bad' },
    { role: 'user', content: 'hello' },
  ],
}

test.each([
  [{}, 'passes'],
  [{ allHistory: true }, 'denied'],
  [{ allow: ['hello'] }, 'passes'],
  [{ allow: ['other'] }, 'not_allowed'],
  [{ allow: ['other'], deny: ['hello'] }, 'not_allowed'],
  [{ deny: [] }, 'passes'],
])('rules %j', async (changed, verdict) => {
  const wanted = { ...rules, ...changed }
  expect(createScreen(wanted).judge('anthropic-messages', body)).toBe(verdict)
  const pieces = [Buffer.from(JSON.stringify(body))]
  expect(await screenPieces(pieces, { protocol: 'anthropic-messages', rules: wanted })).toBe(verdict)
})

test('who speaks, and when, is chosen', () => {
  const last = {
    messages: [
      { role: 'user', content: 'bad' },
      { role: 'assistant', content: 'ok' },
    ],
  }
  expect(createScreen(rules).judge('openai-chat', last)).toBe('nothing_said')
  expect(createScreen({ ...rules, allRoles: true }).judge('openai-chat', last)).toBe('passes')
  expect(createScreen({ ...rules, allRoles: true, allHistory: true }).judge('openai-chat', last)).toBe(
    'denied',
  )
  const items = {
    input: [
      { role: 'user', content: 'bad' },
      { role: 'user', content: 'x' },
    ],
  }
  expect(createScreen(rules).judge('openai-responses', items)).toBe('denied')
})

test('the more there is to try, the less is judged at once', () => {
  const few = createScreen({ ...rules, deny: ['bad|(?i)worse'] })
  const many = createScreen({ ...rules, deny: [String.raw`(?i)s\w{0,100}t.{0,200}q`] })
  expect(few.bytesAtOnceMax).toBeGreaterThan(65_536)
  expect(many.bytesAtOnceMax).toBeLessThan(10_000)
  expect(many.bytesAtOnceMax).toBeGreaterThan(1000)
  const long = { messages: [{ role: 'user', content: 'x'.repeat(10_000_000) }] }
  expect(few.judge('openai-chat', long)).toBe('passes')
  expect(many.judge('openai-chat', long)).toBe('too_long')
})
