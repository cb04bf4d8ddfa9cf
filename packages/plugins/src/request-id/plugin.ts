// Gives each request an id that client, upstream and logs know it by (contract/common-plugins.md §4.4).
import { definePlugin, requestId } from '@weir/plugin-api'
import { headerOf, setHeader } from '../header-list/header-list.ts'
import { createIds } from './ids.ts'
import { type Config, schema } from './schema.ts'

export const requestIdPlugin = definePlugin<Config>({
  name: 'request-id',
  priority: 12_015,
  schema,
  create(config) {
    const { header_name: name, include_in_response } = config
    const field = name.toLowerCase()
    const nextId = createIds(config)
    return {
      rewrite(ctx) {
        let id = ctx.request.header(field)
        if (id === undefined || id === '') {
          id = nextId()
          ctx.request.headers[field] = id
        }
        ctx.state.set(requestId, id)
        return undefined
      },

      /**
       * The id of this header: a global rule and a route may each give one, under names of their own. What an LLM
       * provider calls the request is no answer to who asked this gateway for an id.
       */
      headerFilter(ctx, { headers }) {
        const isGiven = include_in_response && ctx.state.get(requestId) !== undefined
        const id = isGiven ? ctx.request.header(field) : undefined
        if (id !== undefined && (ctx.llm || !headerOf(headers, name))) setHeader(headers, name, id)
      },
    }
  },
})
