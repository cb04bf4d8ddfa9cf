import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { documentsOf, pluginListOf, readConfiguration, readYaml, writeYaml } from './index.ts'

function value(text: string): unknown {
  const read = readYaml(text)
  if (!read.ok) throw new Error(read.error)
  return read.value
}

describe('YAML', () => {
  test.each([
    ['a: &x {b: 1}\nc: {<<: *x, d: 2}', { a: { b: 1 }, c: { b: 1, d: 2 } }],
    ['a: 1\na: 2', { a: 2 }],
    ['[yes, No, on, OFF, true]', [true, false, true, false, true]],
    ['[y, n, Y, N]', ['y', 'n', 'Y', 'N']],
    ['2026-11-22', '2026-11-22'],
    ['[010, 0x10, 1_000]', [8, 16, 1000]],
    ['---\na: 1\n---\nb: 2', { a: 1 }],
    ['null', null],
    ['\uFEFFa: 1\r\nb: 2\r\n', { a: 1, b: 2 }],
    ['a: 1 #END', { a: 1 }],
  ])('%j', (text, expected) => {
    expect(value(text)).toEqual(expected)
  })

  test.each(['', '# only a comment', '#END\n'])('%j is empty', (text) => {
    expect(readYaml(text)).toMatchObject({ ok: false, empty: true })
  })

  test('what is wrong is said without the text', () => {
    const read = readYaml('secret: [hunter2, x')
    expect(read.ok).toBe(false)
    expect(JSON.stringify(read)).not.toContain('hunter2')
  })

  test('neither bombs nor circles are read', () => {
    const bomb = [
      'a0: &a0 [x]',
      ...Array.from({ length: 9 }, (_, i) => {
        const one = `*a${i}`
        return `a${i + 1}: &a${i + 1} [${Array.from({ length: 9 }, () => one).join(', ')}]`
      }),
    ].join('\n')
    expect(readYaml(bomb)).toMatchObject({ ok: false, empty: false })
    expect(readYaml('&a [*a]')).toMatchObject({ ok: false, empty: false })
  })

  test('what is written reads back the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (given) => {
        const json: unknown = JSON.parse(JSON.stringify(given))
        expect(value(writeYaml(json))).toEqual(json)
      }),
    )
  })
})

function complaint(text: string, format: 'yaml' | 'json' = 'yaml'): string | undefined {
  const read = readConfiguration(text, format, {})
  return read.ok ? undefined : `${read.kind}: ${read.error}`
}

describe('files', () => {
  test.each([
    'a: 1\n#END',
    'a: 1\n#END\r\n',
    'a: 1\n#END \t\n \r\n',
    'a: 1 #END',
    `a: 1\n#END${' '.repeat(6)}`,
  ])('%j is finished', (text) =>
    expect(readConfiguration(text, 'yaml', {})).toEqual({ ok: true, value: { a: 1 } }),
  )

  test.each(['', 'a: 1', 'a: 1\n#end', 'a: 1\n#END x', 'a: 1\n#END\n# more', `a: 1\n#END${' '.repeat(7)}`])(
    '%j is not',
    (text) => expect(complaint(text)).toContain('unfinished: missing valid end flag'),
  )

  test.each([
    ['#END', 'yaml', 'unusable: failed update config: empty table'],
    ['a: [\n#END', 'yaml', 'unusable: failed to parse the content of the file'],
    [
      '# ${{NOPE}}\n#END',
      'yaml',
      "unusable: failed to handle configuration: can't find environment variable NOPE",
    ],
    ['{}\n#END', 'json', 'unusable: failed to parse the content of the file'],
    ['', 'json', 'unusable'],
  ] as const)('%j as %s is refused', (text, format, expected) => {
    expect(complaint(text, format)).toContain(expected)
  })

  test('nothing, and null, is an empty table in YAML, and null in JSON', () => {
    const plugins = { 'key-auth': {}, cors: { a: [{}] } }
    const text = 'routes: [{plugins: {key-auth: , cors: {a: [~]}}}]\nservices:\n#END'
    expect(readConfiguration(text, 'yaml', {})).toEqual({
      ok: true,
      value: { routes: [{ plugins }], services: {} },
    })
    expect(readConfiguration('{"a": null, "b": "x\ny"}', 'json', {})).toEqual({
      ok: true,
      value: { a: null, b: 'x\ny' },
    })
  })

  test('the environment stands in the text of YAML and in the values of JSON', () => {
    const env = { A: 'x', N: '12' }
    expect(
      readConfiguration('{a: "${{A}}", "${{A}}": ${{N}}, q: "${{ N }}", d: "${{D:=z}}"}\n#END', 'yaml', env),
    ).toEqual({
      ok: true,
      value: { a: 'x', x: 12, q: '12', d: 'z' },
    })
    expect(readConfiguration('{"a": "-${{A}}", "${{A}}": "${{N}}"}', 'json', env)).toEqual({
      ok: true,
      value: { a: '-x', x: 12 },
    })
  })
})

describe('documents', () => {
  test.each([
    [{ routes: [{ id: 'a' }, { uri: '/b' }, { id: 7 }] }, ['/routes/a', '/routes/arr_2', '/routes/7']],
    [
      { consumers: [{ username: 'jack' }, { id: 'jack/credentials/c' }, { id: 'x', username: 'rose' }] },
      ['/consumers/jack', '/consumers/jack/credentials/c', '/consumers/rose'],
    ],
    [
      { secrets: [{ id: 'vault/1' }], plugin_metadata: [{ id: 'p' }] },
      ['/plugin_metadata/p', '/secrets/vault/1'],
    ],
    [{ routes: [{ id: 'a/b' }, { id: 0 }] }, ['/routes/arr_1 (id %22a%2Fb%22)', '/routes/arr_2 (id 0)']],
    [{ routes: ['x', null] }, ['/routes/arr_1', '/routes/arr_2']],
    [{ routes: { a: 1 }, services: 'x', bogus: [{ id: 1 }] }, []],
    ['text', []],
    [[], []],
  ])('of %j', (configuration, keys) => {
    expect(documentsOf(configuration).map(({ key }) => key)).toEqual(keys)
  })

  test('the later of two with one id counts, where it stands', () => {
    const routes = [{ id: 1, uri: '/a' }, { id: 2 }, { id: '1', uri: '/b' }]
    expect(documentsOf({ routes }).map(({ value: text }) => JSON.parse(text) as unknown)).toEqual([
      routes[1],
      routes[2],
    ])
  })

  test('a whole modifiedIndex is the version, another one is a mistake of the document', () => {
    const [whole, text] = documentsOf({
      routes: [
        { id: 1, modifiedIndex: 5 },
        { id: 2, modifiedIndex: 'x' },
      ],
    })
    expect(whole).toEqual({ key: '/routes/1', value: '{"id":1}', version: 5 })
    expect(text?.value).toContain('modifiedIndex')
  })

  test('the list of plugins', () => {
    expect(pluginListOf({ plugins: [{ name: 'a' }] })).toMatchObject({
      key: '/plugins',
      value: '[{"name":"a"}]',
    })
    expect(pluginListOf({ plugins: 'a' })).toBeUndefined()
  })
})
