import { complaintAbout, type LogLine, RecordingLogger, runPlugin } from '@weir/plugin-api/harness'
import { expect, test } from 'vitest'
import { aiPromptGuard } from './plugin.ts'

const notAllowed = { status: 400, body: { message: "Request doesn't match allow patterns" } }
const denied = { status: 400, body: { message: 'Request contains prohibited content' } }
const says = (content: unknown, role = 'user') => ({ role, content })

async function guarded(body: string | object, config: object, target = '/v1/chat/completions') {
  const { ctx, reply } = await runPlugin(aiPromptGuard, config, { request: { target, body } })
  const lines: readonly LogLine[] = ctx.log instanceof RecordingLogger ? ctx.log.lines : []
  return { reply, lines }
}

test.each([
  ['say hello', undefined],
  ['say goodbye', notAllowed],
  ['hello bomb', denied],
  ['hello EXPLOSIVE', denied],
  ['hello BOMB', undefined],
  [[{ type: 'text', text: 'hello bomb' }], denied],
])('%j', async (content, reply) => {
  const config = { allow_patterns: ['hello'], deny_patterns: ['bomb|(?i)explosive'] }
  expect((await guarded({ messages: [says(content)] }, config)).reply).toEqual(reply)
})

test('the last message of a user is looked at, or all messages of everybody', async () => {
  const deny = { deny_patterns: ['bomb'] }
  const messages = [says('bomb'), says('x', 'assistant'), says('hello')]
  expect((await guarded({ messages }, deny)).reply).toBeUndefined()
  expect((await guarded({ messages }, { ...deny, match_all_conversation_history: true })).reply).toEqual(
    denied,
  )
  const system = { messages: [says('bomb', 'system'), says('hello')] }
  const all = { ...deny, match_all_conversation_history: true }
  expect((await guarded(system, all)).reply).toBeUndefined()
  expect((await guarded(system, { ...all, match_all_roles: true })).reply).toEqual(denied)
})

test('a request in which nothing is to be judged goes on', async () => {
  const messages = [says('bomb'), says('x', 'assistant')]
  expect((await guarded({ messages }, { deny_patterns: ['bomb'] })).reply).toBeUndefined()
})

test('other protocols are understood', async () => {
  const deny = { deny_patterns: ['bomb'] }
  expect((await guarded({ input: 'bomb' }, deny, '/v1/responses')).reply).toEqual(denied)
  expect((await guarded({ input: ['a', 'bomb'] }, deny, '/v1/embeddings')).reply).toEqual(denied)
  const converse = { messages: [says([{ text: 'bomb' }])] }
  expect((await guarded(converse, deny, '/model/m/converse')).reply).toEqual(denied)
})

test('a long prompt is judged as well', async () => {
  const long = 'a word '.repeat(20_000)
  const config = { allow_patterns: ['word'], deny_patterns: ['bomb$'] }
  expect((await guarded({ messages: [says(long)] }, config)).reply).toBeUndefined()
  expect((await guarded({ messages: [says(`${long}bomb`)] }, config)).reply).toEqual(denied)
  expect((await guarded({ messages: [says('x'.repeat(100_000))] }, config)).reply).toEqual(notAllowed)
})

test('patterns with much to try are tried elsewhere, with the same outcome', async () => {
  const config = { deny_patterns: [String.raw`(?i)s\w{0,100}t.{0,200}q`] }
  const text = 'x '.repeat(10_000)
  expect((await guarded({ messages: [says(text)] }, config)).reply).toBeUndefined()
  expect((await guarded({ messages: [says(`${text}ST Q`)] }, config)).reply).toEqual(denied)
})

test('no body, or too large a one, is refused', async () => {
  const empty = { status: 400, body: { message: 'Empty request body' } }
  expect((await guarded('', {})).reply).toEqual(empty)
  expect((await guarded({ messages: [] }, { max_req_body_size: 5 })).reply).toEqual(empty)
})

const unknownFormat = 'Request format not recognized by ai-prompt-guard'

test.each([
  ['skip', undefined, 'info'],
  ['warn', undefined, 'warn'],
  ['error', { status: 400, body: { message: unknownFormat } }, undefined],
])('what it does not understand: %s', async (mode, reply, level) => {
  const result = await guarded({ foo: 1 }, { fail_mode: mode })
  expect(result.reply).toEqual(reply)
  expect(result.lines).toEqual(
    level ? [{ level, message: `ai-prompt-guard skipped: ${unknownFormat}`, fields: {} }] : [],
  )
})

test('what is no JSON is not understood either', async () => {
  const { reply, lines } = await guarded('{"a\u0007', { fail_mode: 'warn' })
  expect(reply).toBeUndefined()
  expect(lines[0]?.message).toMatch(/^ai-prompt-guard skipped: \P{Cc}+$/u)
  expect((await guarded('{', { fail_mode: 'error' })).reply).toMatchObject({ status: 400 })
})

test('without a pattern that a secret should hold nothing passes', async () => {
  const { reply } = await guarded({ messages: [says('hello')] }, { deny_patterns: ['$env://NOWHERE'] })
  expect(reply).toMatchObject({ status: 503 })
})

test('a pattern that cannot be used is refused', () => {
  expect(complaintAbout(aiPromptGuard, { allow_patterns: ['('] })).toBe('invalid allow_pattern: (')
  expect(complaintAbout(aiPromptGuard, { deny_patterns: ['a', '[b'] })).toBe('invalid deny_pattern: [b')
  expect(complaintAbout(aiPromptGuard, { deny_patterns: ['(?=a)'] })).toContain('(?= is not supported')
})
