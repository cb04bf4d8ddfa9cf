import { expect, test } from 'vitest'
import { createProgress } from './progress.ts'

function draw(isTTY: boolean): string {
  let written = ''
  const stream = { isTTY, write: (text: string) => (written += text) !== '' }
  const progress = createProgress(stream, 'copying', 100)
  progress.advance(50)
  progress.end()
  return written
}

test('a terminal sees a bar, which goes away', () => {
  expect(draw(true)).toBe('\rcopying [###############...............] 50/100\r\u001b[2K')
})

test('a file or a pipe sees nothing', () => {
  expect(draw(false)).toBe('')
})
