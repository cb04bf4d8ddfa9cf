import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isMet, toTable } from './figures.ts'
import { measure, quickPlan } from './measure.ts'

test('a small configuration is measured from end to end', async () => {
  const home = await mkdtemp(join(tmpdir(), 'weir-bench-config-test-'))
  try {
    const figures = await measure(quickPlan, home, () => {})
    for (const { measured } of figures) expect(measured).toBeGreaterThanOrEqual(0)
    expect(figures.map(({ unit }) => unit).join(' ')).toBe('s MB s ms ms ms /s ms ms ms ms')
  } finally {
    await rm(home, { recursive: true, force: true })
  }
})

test('verdicts', () => {
  const figures = [
    { what: 'start', measured: 3, unit: 's', must: { atMost: 15 } },
    { what: 'writes', measured: 400, unit: '/s', must: { atLeast: 500 }, note: 'slow' },
    { what: 'memory', measured: 120.4, unit: 'MB' },
  ]
  expect(figures.map(isMet)).toEqual([true, false, true])
  expect(isMet({ what: '', measured: Number.NaN, unit: '', must: { atMost: 1 } })).toBe(false)
  expect(toTable(figures).split('\n')).toEqual([
    '| what   | measured | must     | verdict |      |',
    '| ------ | -------- | -------- | ------- | ---- |',
    '| start  | 3.00 s   | ≤ 15 s   | met     |      |',
    '| writes | 400 /s   | ≥ 500 /s | MISSED  | slow |',
    '| memory | 120 MB   |          |         |      |',
  ])
})
