// `GET /v1/quotas?consumer=&instance=...`: what is used of the quotas. `DELETE` gives it back.
import { CounterUnavailableError } from '@weir/counters'
import { json, type LocalAnswer, type LocalRequest } from '../../server/index.ts'
import { ACCOUNTS_MAX, type QuotaBooks, type QuotaFilter } from '../quota-books.ts'

/** Accounts in an answer unless `limit` says otherwise. */
const ACCOUNTS = 1_000

export async function showQuotas(books: QuotaBooks, { query }: LocalRequest): Promise<LocalAnswer> {
  const wanted = new URLSearchParams(query)
  const max = limitIn(wanted)
  if (max === undefined) {
    return json(400, { error_msg: `limit must be a whole number from 1 to ${ACCOUNTS_MAX}` })
  }
  return answer(async () => {
    const { quotas, more } = await books.read(filterIn(wanted), max)
    return { quotas, ...(more && { more }) }
  })
}

/** Wants to be told whose: a slip must not forget everybody's use. */
export async function resetQuotas(books: QuotaBooks, { query }: LocalRequest): Promise<LocalAnswer> {
  const filter = filterIn(new URLSearchParams(query))
  const { consumer, instance, resource, value } = filter
  if ([consumer, instance, resource, value].every((one) => one === undefined)) {
    return json(400, { error_msg: 'consumer, instance, resource or value is required' })
  }
  return answer(async () => {
    const { reset, more } = await books.reset(filter)
    return { reset, ...(more && { more }) }
  })
}

function filterIn(wanted: URLSearchParams): QuotaFilter {
  const one = (name: string) => wanted.get(name) ?? undefined
  return {
    plugin: one('plugin'),
    resource: one('resource'),
    consumer: one('consumer'),
    instance: one('instance'),
    value: one('value'),
  }
}

function limitIn(wanted: URLSearchParams): number | undefined {
  const text = wanted.get('limit')
  if (text === null) return ACCOUNTS
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0
  return limit >= 1 && limit <= ACCOUNTS_MAX ? limit : undefined
}

async function answer(read: () => Promise<object>): Promise<LocalAnswer> {
  try {
    return json(200, await read())
  } catch (error) {
    if (!(error instanceof CounterUnavailableError)) throw error
    return json(503, { error_msg: `the counters cannot be reached: ${error.message}` })
  }
}
