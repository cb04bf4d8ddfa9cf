// Every module runs in plain node: vitest forgives imports that node does not, such as names of a CommonJS module that
// node cannot see, and such an import ends every real start.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'

const packages = join(import.meta.dirname, '../..')
const aMinute = 60_000

/** What others may import of a package. */
function entriesOf(name: string): readonly string[] {
  const manifest: { exports?: Record<string, string> } = JSON.parse(
    readFileSync(join(packages, name, 'package.json'), 'utf8'),
  )
  return Object.values(manifest.exports ?? {}).map((path) => join(packages, name, path))
}

/** Modules that are loaded when they are first needed: no start meets them. */
function lazyModulesOf(name: string): readonly string[] {
  const source = join(packages, name, 'src')
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(?:test|test-d|bench|d)\.ts$/.test(file))
    .flatMap((file) => {
      const directory = join(source, file, '..')
      const text = readFileSync(join(source, file), 'utf8')
      return Array.from(text.matchAll(/(?<!typeof )\bimport\('(\.[^']+)'\)/g), ([, path = '']) =>
        join(directory, path),
      )
    })
}

function importInNode(paths: readonly string[]): string {
  const urls = paths.map((path) => pathToFileURL(path).href)
  const program = `for (const url of ${JSON.stringify(urls)}) await import(url); process.stdout.write('imported'); process.exit(0)`
  return execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
}

const names = readdirSync(packages).filter((name) =>
  readdirSync(join(packages, name)).includes('package.json'),
)

describe('in plain node', () => {
  test(
    'what packages offer each other can be imported',
    () => {
      const entries = names.flatMap(entriesOf)
      expect(entries.length).toBeGreaterThan(names.length / 2)
      expect(importInNode(entries)).toContain('imported')
    },
    aMinute,
  )

  test(
    'so can what is loaded later',
    () => {
      const modules = new Set(names.flatMap(lazyModulesOf))
      expect(modules.size).toBeGreaterThan(5)
      expect(importInNode([...modules])).toContain('imported')
    },
    aMinute,
  )

  test(
    'what a start loads can be compiled beforehand',
    () => {
      const cache = mkdtempSync(join(tmpdir(), 'weir-compiled-'))
      try {
        const env = { ...process.env, NODE_COMPILE_CACHE: cache }
        execFileSync(process.execPath, [join(import.meta.dirname, 'warm.js')], { env, stdio: 'pipe' })
        expect(readdirSync(cache, { recursive: true }).length).toBeGreaterThan(500)
      } finally {
        rmSync(cache, { recursive: true })
      }
    },
    aMinute,
  )

  test(
    'the executable says how it is used',
    () => {
      const help = execFileSync(process.execPath, [join(import.meta.dirname, 'main.js'), '--help'], {
        encoding: 'utf8',
      })
      expect(help).toMatch(/^weir start/)
    },
    aMinute,
  )
})
