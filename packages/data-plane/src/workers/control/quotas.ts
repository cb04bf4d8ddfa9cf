// `GET /v1/quotas?consumer=&instance=`: what is used of the quotas. `DELETE` gives it back.
import { CounterUnavailableError } from '@weir/counters'
import { json, type LocalAnswer, type LocalRequest } from '../../server/index.ts'
import type { QuotaBooks, QuotaFilter } from '../quota-books.ts'

export async function showQuotas(books: QuotaBooks, request: LocalRequest): Promise<LocalAnswer> {
  return answer(async () => ({ quotas: await books.read(filterOf(request)) }))
}

/** Wants to be told whose: a slip must not forget everybody's use. */
export async function resetQuotas(books: QuotaBooks, request: LocalRequest): Promise<LocalAnswer> {
  const filter = filterOf(request)
  if (filter.consumer === undefined && filter.instance === undefined) {
    return json(400, { error_msg: 'consumer or instance is required' })
  }
  return answer(async () => ({ reset: await books.reset(filter) }))
}

function filterOf({ query }: LocalRequest): QuotaFilter {
  const wanted = new URLSearchParams(query)
  return {
    consumer: wanted.get('consumer') ?? undefined,
    instance: wanted.get('instance') ?? undefined,
  }
}

async function answer(read: () => Promise<object>): Promise<LocalAnswer> {
  try {
    return json(200, await read())
  } catch (error) {
    if (!(error instanceof CounterUnavailableError)) throw error
    return json(503, { error_msg: `the counters cannot be reached: ${error.message}` })
  }
}
