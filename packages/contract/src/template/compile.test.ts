import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileTemplate } from './index.ts'

const values: Readonly<Record<string, unknown>> = { a: '1', b_c: 'x', 'd.e': 'dot', n: 7, list: ['p', 'q'] }
const lookup = (name: string) => values[name]

describe('templates', () => {
  test.each([
    ['', '', 0],
    ['plain', 'plain', 0],
    ['$a', '1', 1],
    ['<${a}>', '<1>', 1],
    ['${ a }', '1', 1],
    ['$b_c/$a', 'x/1', 2],
    ['$d.e', 'dot', 1],
    ['$none', '', 0],
    ['${none ?? other}', 'other', 1],
    ['${a ?? other}', '1', 1],
    ['${none??}', '', 1],
    [String.raw`\$a`, String.raw`\$a`, 0],
    ['$', '$', 0],
    ['$ a', '$ a', 0],
    ['$secret://a/b', '$secret://a/b', 0],
    ['$env://a', '$env://a', 0],
    ['$secret', '', 0],
    ['$n $list', '7 ["p","q"]', 2],
  ])('%s gives %s', (text, rendered, resolved) => {
    const template = compileTemplate(text)
    expect(template.render(lookup)).toBe(rendered)
    expect(template.countResolved(lookup)).toBe(resolved)
  })

  test('know their variables', () => {
    expect(compileTemplate('$a ${b ?? 1} $a').variables).toEqual(['a', 'b'])
    expect(compileTemplate('text').isConstant).toBe(true)
    expect(compileTemplate('$a').isConstant).toBe(false)
  })

  test('a text without a dollar sign is itself', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('$')),
        (text) => {
          expect(compileTemplate(text).render(lookup)).toBe(text)
        },
      ),
    )
  })

  test('what a variable holds is not expanded again', () => {
    expect(compileTemplate('$x').render(() => '$y')).toBe('$y')
  })
})
