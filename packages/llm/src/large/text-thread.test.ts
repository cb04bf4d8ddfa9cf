import { expect, test } from 'vitest'
import { readConversation, readTexts } from './text-thread.ts'

const words = 'Grüße und mehr. '.repeat(20_000)

function inPieces(value: unknown): Buffer[] {
  const bytes = Buffer.from(JSON.stringify(value))
  return Array.from({ length: Math.ceil(bytes.length / 65_537) }, (_, i) =>
    bytes.subarray(i * 65_537, (i + 1) * 65_537),
  )
}

test('texts of requests and answers, side by side', async () => {
  const messages = [
    { role: 'system', content: 'S' },
    { role: 'user', content: [{ type: 'text', text: words }] },
  ]
  const turns = { mode: 'all', roles: ['user', 'system'] } as const
  const [request, answer, none] = await Promise.all([
    readTexts(inPieces({ messages }), { protocol: 'openai-chat', turns }),
    readTexts(inPieces({ content: [{ type: 'text', text: words }] }), {
      protocol: 'anthropic-messages',
      turns: undefined,
    }),
    readTexts([Buffer.from('[1'), Buffer.from('2')], { protocol: 'openai-chat', turns }),
  ])
  expect(request.map((text) => text.length)).toEqual([1, words.length])
  expect(request[1] === words).toBe(true)
  expect(answer[0] === words).toBe(true)
  expect(none).toEqual([])
})

test('conversations, whoever speaks in them', async () => {
  const messages = [
    { role: 'developer', content: 'D' },
    { role: 'function', content: words },
    { role: 'user', content: '' },
  ]
  const [heard, none] = await Promise.all([
    readConversation(inPieces({ messages }), 'openai-chat'),
    readConversation(inPieces(['no object']), 'openai-chat'),
  ])
  expect(heard).toEqual([messages[0], messages[1]])
  expect(none).toEqual([])
})

test('so much waits and no more', async () => {
  const half = [Buffer.alloc(129 * 1024 * 1024)]
  const reading = readTexts(half, { protocol: 'openai-chat', turns: undefined })
  await expect(readTexts(half, { protocol: 'openai-chat', turns: undefined })).rejects.toThrow('too many')
  expect(await reading).toEqual([])
})
