// Gives each request an id that client, upstream and logs know it by (contract/common-plugins.md §4.4).
import { definePlugin, requestId } from '@weir/plugin-api'
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

      headerFilter(ctx, { headers }) {
        const id = include_in_response ? ctx.state.get(requestId) : undefined
        if (id === undefined) return
        for (let at = 0; at < headers.length; at += 2) if (headers[at]?.toLowerCase() === field) return
        headers.push(name, id)
      },
    }
  },
})
