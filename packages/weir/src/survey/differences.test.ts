import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { differences } from './differences.ts'

const page = readFileSync(join(import.meta.dirname, '../../../../docs/differences.md'), 'utf8')

test.each(differences.map(({ row, text }) => [text, row]))('"%s" is a row of the page', (_text, row) => {
  expect(page).toContain(`| ${row} |`)
})
