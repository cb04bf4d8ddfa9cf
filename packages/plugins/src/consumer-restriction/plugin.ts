// Admits some callers and refuses others (contract/common-plugins.md §1.6).
import { definePlugin, type Reply, type RequestContext } from '@weir/plugin-api'
import { type Config, schema } from './schema.ts'

const values: Readonly<Record<Config['type'], (ctx: RequestContext) => string | undefined>> = {
  consumer_name: (ctx) => ctx.consumer?.username,
  consumer_group_id: (ctx) => ctx.consumer?.groupId,
  service_id: (ctx) => ctx.route.serviceId,
  route_id: (ctx) => ctx.route.id || undefined,
}

export const consumerRestriction = definePlugin<Config>({
  name: 'consumer-restriction',
  priority: 2400,
  schema,
  create({ type, blacklist, whitelist, allowed_by_methods: rules = [], rejected_code, rejected_msg }) {
    const valueOf = values[type]
    const refused = new Set(blacklist)
    const admitted = whitelist && new Set(whitelist)
    const unknown: Reply = {
      status: 401,
      body: { message: `The request is rejected, please check the ${type} for this request` },
    }
    const forbidden: Reply = {
      status: rejected_code,
      body: { message: rejected_msg ?? `The ${type} is forbidden.` },
    }

    /** The first rule that names a user is the one that counts. */
    function mayCall(value: string, method: string): boolean {
      const methods = rules.find(({ user }) => user === value)?.methods
      return methods === undefined || methods.some((one) => one === method)
    }

    return {
      access(ctx) {
        const value = valueOf(ctx)
        if (value === undefined) return unknown
        if (refused.has(value)) return forbidden
        if (admitted?.has(value)) return undefined
        return admitted || !mayCall(value, ctx.request.method) ? forbidden : undefined
      },
    }
  },
})
