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

describe('whether a text was made of a template', () => {
  test.each([
    ['plain', 'plain', true],
    ['plain', 'plainer', false],
    ['$a', 'anything', true],
    ['$a', '', true],
    ['${a}_2s', '10.0.0.7_2s', true],
    ['${a}_2s', '10.0.0.7_5s', false],
    ['user:$a', 'user:jack', true],
    ['user:$a', 'jack', false],
    ['$a-$b_c-x', 'x-', false],
    ['$a-$b_c-x', 'a--x', true],
    ['aa${n}aa', 'aaa', false],
  ])('%s, %s: %s', (text, made, may) => {
    expect(compileTemplate(text).mayRender(made)).toBe(may)
  })

  test('it may have made whatever it makes', () => {
    const piece = fc.constantFrom('$a', '${b_c}', '${none ?? x}', 'a', ':', 'x1', '_')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.string(), (pieces, value) => {
        const template = compileTemplate(pieces.join(' '))
        expect(template.mayRender(template.render(() => value))).toBe(true)
      }),
    )
  })
})
