import { complaintAbout, runPlugin } from '@weir/plugin-api/harness'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeHtml, JsonTextEscaper } from './escape-html.ts'
import { aiPromptTemplate } from './plugin.ts'

const explain = {
  model: 'tpl-model',
  messages: [
    { role: 'system', content: 'Explain {{topic}}' },
    { role: 'user', content: '{{ prompt }}|{*prompt*}|{{user.name}}|{{none}}' },
  ],
  temperature: 0.5,
}
const templates = [
  { name: 't1', template: explain },
  { name: 't1', template: { model: 'never' } },
]

async function rendered(body: string | object, config: object = { templates }): Promise<unknown> {
  const { ctx, reply } = await runPlugin(aiPromptTemplate, config, { request: { body } })
  return reply ?? (JSON.parse(String(ctx.request.body)) as unknown)
}
const messages = (system: string, user: string) => ({
  ...explain,
  messages: [
    { role: 'system', content: system },
    { role: 'user', content: user },
  ],
})

test('a template is filled with the members of the request', async () => {
  const body = { template_name: 't1', topic: 'a "b" \n c', prompt: "<{it}> & '\\/", user: { name: 5 } }
  expect(await rendered(body)).toEqual(
    messages('Explain a &quot;b&quot; \n c', "&lt;&#123;it&#125;&gt; &amp; &#39;\\&#47;|<{it}> & '\\/|5|"),
  )
})

test('values that are no text are JSON, and nothing is nothing', async () => {
  const body = { template_name: 't1', topic: null, prompt: [true, 'x'], user: 'nobody' }
  expect(await rendered(body)).toEqual(messages('Explain ', '[true,&quot;x&quot;]|[true,"x"]||'))
})

test('what a value holds stays text', async () => {
  const prompt = '"}],"model":"other","x":[{"y":"{{topic}}'
  const body = await rendered({ template_name: 't1', topic: 'secret', prompt })
  expect(body).toMatchObject({ model: 'tpl-model' })
  expect(body).toEqual(messages('Explain secret', `${escapeHtml(prompt)}|${prompt}||`))
})

test('long values are put in without being parsed', async () => {
  const prompt = 'a<b>"\\/é😀\u0001'.repeat(40_000)
  expect(await rendered({ template_name: 't1', topic: 'x', prompt, user: { name: 'n' } })).toEqual(
    messages('Explain x', `${escapeHtml(prompt)}|${prompt}|n|`),
  )
})

test('an object that is too long is refused', async () => {
  const body = { template_name: 't1', prompt: { text: 'x'.repeat(300_000) } }
  await expect(rendered(body)).rejects.toThrow('the member "prompt" of the body is too large to be read')
})

test.each([
  ['{}', 'template name is missing in request.'],
  ['{"template_name":false}', 'template name is missing in request.'],
  ['{"template_name":"zz"}', 'template: zz not configured.'],
  ['{"template_name":5}', 'template: 5 not configured.'],
  ['', 'could not get body: request body is empty'],
  ['5', 'could not parse JSON request body: it is no object'],
])('%s is refused', async (body, message) => {
  expect(await rendered(body)).toEqual({ status: 400, body: { message } })
})

const complaint = (content: string) =>
  complaintAbout(aiPromptTemplate, {
    templates: [{ name: 't', template: { messages: [{ role: 'user', content }] } }],
  })

describe('a template', () => {
  test.each(['{{a}}', '{* a.b_c *}', 'JSON such as {"a": {"b": 1}} or {}', '{{a}}{{b}}', '{ {a} }'])(
    '%s is fine',
    (content) => {
      expect(complaint(content)).toBeUndefined()
    },
  )

  test.each([
    '{{a + b}}',
    '{{}}',
    '{* f(a) *}',
    '{% for x in y do %}',
    '{# note #}',
    '{(file.html)}',
    '{-raw-}',
  ])('%s is refused', (content) => {
    expect(complaint(content)).toContain(
      `template t: ${content} is not supported: only names of the request's members may stand there`,
    )
  })
})

test('escaping in pieces is escaping the whole', () => {
  const text = fc
    .array(fc.constantFrom('&', '<', '"', "'", '/', '{', '\\', 'u', '0026', 'é', '\n', 'x'))
    .map((list) => list.join(''))
  fc.assert(
    fc.property(text, fc.boolean(), fc.array(fc.nat(12)), (value, isAscii, cuts) => {
      // Every character may be written as an escape, too.
      const json = isAscii
        ? value
            .split('')
            .map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
            .join('')
        : JSON.stringify(value).slice(1, -1)
      const escaper = new JsonTextEscaper()
      const out: Buffer[] = []
      let rest = Buffer.from(json)
      for (const cut of cuts) {
        out.push(escaper.push(rest.subarray(0, cut)))
        rest = rest.subarray(cut)
      }
      out.push(escaper.push(rest))
      expect(JSON.parse(`"${Buffer.concat(out).toString()}"`)).toBe(escapeHtml(value))
    }),
  )
})
