import { expect, test } from 'vitest'
import { Endings } from './endings.ts'

test('all that was added and not taken back is waited for, also beside one that fails', async () => {
  const endings = new Endings()
  const done: string[] = []
  endings.add(async () => {
    await new Promise((resolve) => void setTimeout(resolve, 5))
    done.push('slow')
  })
  endings.add(() => Promise.reject(new Error('failed')))
  endings.add(async () => void done.push('quick'))
  endings.add(async () => void done.push('taken back'))()
  await endings.finish()
  expect(done).toEqual(['quick', 'slow'])
  await new Endings().finish()
})
