import { complaintAbout, runPlugin } from '@weir/plugin-api/harness'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { consumerRestriction } from './plugin.ts'

const run = (config: object, consumer?: string, method = 'GET') =>
  runPlugin(consumerRestriction, config, { ...(consumer !== undefined && { consumer }), request: { method } })

test.each([
  [{ whitelist: ['jack'] }, 'jack', 'GET', 200],
  [{ whitelist: ['jack'] }, 'rose', 'GET', 403],
  [{ blacklist: ['jack'] }, 'jack', 'GET', 403],
  [{ blacklist: ['jack'] }, 'rose', 'GET', 200],
  [{ blacklist: ['jack'], whitelist: ['jack'] }, 'jack', 'GET', 403],
  [{ allowed_by_methods: [{ user: 'jack', methods: ['POST'] }] }, 'jack', 'GET', 403],
  [{ allowed_by_methods: [{ user: 'jack', methods: ['POST'] }] }, 'jack', 'POST', 200],
  [{ allowed_by_methods: [{ user: 'jack', methods: ['POST'] }] }, 'rose', 'GET', 200],
  [
    {
      allowed_by_methods: [
        { user: 'a', methods: ['GET'] },
        { user: 'a', methods: ['POST'] },
      ],
    },
    'a',
    'GET',
    200,
  ],
  [{ whitelist: ['jack'], allowed_by_methods: [{ user: 'jack', methods: ['POST'] }] }, 'jack', 'GET', 200],
])('%j, %s %s: %i', async (config, consumer, method, status) => {
  expect((await run(config, consumer, method)).status).toBe(status)
})

test('says why', async () => {
  const forbidden = await run({ whitelist: ['jack'] }, 'rose')
  expect(forbidden).toMatchObject({ status: 403, text: '{"message":"The consumer_name is forbidden."}\n' })
  const own = { whitelist: ['jack'], rejected_code: 418, rejected_msg: 'no' }
  expect(await run(own, 'rose')).toMatchObject({ status: 418, text: '{"message":"no"}\n' })
  expect(await run({ whitelist: ['jack'] })).toMatchObject({
    status: 401,
    text: '{"message":"The request is rejected, please check the consumer_name for this request"}\n',
  })
})

test('by service, route and group', async () => {
  const options = { route: { id: '7', serviceId: 's' } }
  const status = async (type: string, name: string) =>
    (await runPlugin(consumerRestriction, { type, whitelist: [name] }, options)).status
  expect(await status('route_id', '7')).toBe(200)
  expect(await status('route_id', '8')).toBe(403)
  expect(await status('service_id', 's')).toBe(200)
  expect(await status('consumer_group_id', 'g')).toBe(401)
})

test('nobody passes whom the whitelist does not name', async () => {
  const names = fc.array(fc.string(), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(names, fc.string(), async (whitelist, consumer) => {
      const { status } = await run({ whitelist }, consumer)
      expect(status === 200).toBe(whitelist.includes(consumer))
    }),
  )
})

test.each([[{}], [{ whitelist: [] }], [{ blacklist: ['a'], type: 'x' }]])('%j is refused', (config) => {
  expect(complaintAbout(consumerRestriction, config)).toBeDefined()
})
