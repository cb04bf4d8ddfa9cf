import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { complaintsOfAttributes, schemaPaths } from './attributes.ts'
import { complaintsOfLinks, headingsOf } from './links.ts'
import { complaintsOfPlugin, pluginFolders } from './plugins.ts'

const folders: string[] = []
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })))
})

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-tidy-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

describe('links', () => {
  test('lead to files and headings', async () => {
    const root = await folderOf({
      'README.md':
        '# Top\n[a](docs/a.md) [b](docs/a.md#the-second-part) [c](#top) [d](https://example.org/x) [e](docs)\n' +
        '[f](docs/none.md) [g](docs/a.md#none) [h](../outside.md)\n`[i](code.md)`\n```\n[j](fence.md)\n```\n',
      'docs/a.md': '# A\n\n## The second part!\n',
    })
    expect(complaintsOfLinks(root, 'README.md')).toEqual([
      'README.md: no such file: docs/none.md',
      'README.md: no such heading: docs/a.md#none',
      'README.md: no such file: ../outside.md',
    ])
  })

  test('headings of one name are told apart', () => {
    expect([...headingsOf('# A `b` c\n## X\n## X\n```\n# no\n```')]).toEqual(['a-b-c', 'x', 'x-1'])
  })
})

const schema = {
  type: 'object',
  properties: {
    _meta: { type: 'object' },
    limit: { type: 'integer' },
    redis_host: {},
    redis_port: {},
    instances: { type: 'array', items: { type: 'object', properties: { name: {} } } },
  },
  allOf: [{ properties: { extra: {} } }],
  patternProperties: { auth: {}, '^x-.*$': {} },
}

function table(rows: string): string {
  return `| name | type |\n| --- | --- |\n${rows}`
}

describe('attributes', () => {
  test('of a schema, at any depth', () => {
    expect([...schemaPaths(schema)].toSorted()).toEqual(
      ['auth', 'extra', 'instances', 'instances[].name', 'limit', 'redis_host', 'redis_port'].toSorted(),
    )
  })

  test.each([
    [
      'in a table',
      table('| `limit`, `redis_port` | |\n| instances[] | |\n| `instances[].name` | |\n| redis_host | |') +
        '\n`redis_port`, extra, auth',
      [],
    ],
    ['by a prefix', `${table('| limit | |')}\ninstances, extra, auth; \`redis_*\` is refused`, []],
    ['not in an example', '```\nlimit\n```\ninstances extra auth redis_*', ['does not describe limit']],
    [
      'none that is not',
      `limit instances extra auth redis_*\n${table('| old | |')}`,
      ['describes old, which does not exist'],
    ],
    [
      'other tables are free',
      'limit instances extra auth redis_*\n| header | of |\n| --- | --- |\n| X-Foo | |',
      [],
    ],
  ])('are described: %s', (_, markdown, complaints) => {
    expect(complaintsOfAttributes(markdown, schemaPaths(schema))).toEqual(complaints)
  })
})

describe('plugin folders', () => {
  const files = {
    'index.ts': "import { whole } from './whole/plugin.ts'\n",
    'whole/schema.ts': 'export const schema = { json: { type: "object", properties: { a: {} } } }\n',
    'whole/plugin.ts': '',
    'whole/plugin.test.ts': '',
    'whole/README.md': '| name |\n| --- |\n| `a` | |\n',
    'half/plugin.ts': '',
    'shared/schema.ts': '',
  }

  test('are whole and listed', async () => {
    const directory = await folderOf(files)
    expect(pluginFolders(directory)).toEqual(['half', 'whole'])
    expect(await complaintsOfPlugin(directory, 'whole')).toEqual([])
    expect(await complaintsOfPlugin(directory, 'half')).toEqual([
      'plugin half: schema.ts is missing',
      'plugin half: plugin.test.ts is missing',
      'plugin half: README.md is missing',
      'plugin half: not listed in index.ts',
    ])
  })

  test('are described as they are', async () => {
    const directory = await folderOf({ ...files, 'whole/README.md': '| name |\n| --- |\n| `b` | |\n' })
    expect(await complaintsOfPlugin(directory, 'whole')).toEqual([
      'plugin whole: README.md does not describe a',
      'plugin whole: README.md describes b, which does not exist',
    ])
  })
})
