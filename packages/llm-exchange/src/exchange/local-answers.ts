// What the gateway knows as well as any provider: answered without asking one.
import type { ClientProtocol, JsonObject, LongJson } from '@weir/llm'
import type { Reply } from '@weir/plugin-api'
import type { Instance } from '../instance/instance.ts'
import type { RouteState } from '../route/route-state.ts'
import { RequestCost } from './request-cost.ts'

const jsonHeaders = { 'Content-Type': 'application/json' }

/**
 * The models of the route's instances in OpenAI's shape, or the one of this name; those that clients name themselves are
 * not known.
 */
export function tellModels({ instances }: RouteState, asked: string): Reply {
  const owners = new Map<string, string>()
  for (const { model, provider } of instances) {
    if (model !== undefined && !owners.has(model)) owners.set(model, provider)
  }
  const models = Array.from(owners, ([id, owner]) => ({ id, object: 'model', created: 0, owned_by: owner }))
  if (asked === '') return { status: 200, body: { object: 'list', data: models }, headers: jsonHeaders }
  const model = models.find(({ id }) => id === asked)
  return model ? { status: 200, body: model, headers: jsonHeaders } : unknownModel(asked)
}

function unknownModel(asked: string): Reply {
  const message = `The model '${asked}' does not exist`
  const error = { message, type: 'invalid_request_error', param: 'model', code: 'model_not_found' }
  return { status: 404, body: { error }, headers: jsonHeaders }
}

/** Where the instance's provider cannot count: from the bytes, with what was learned of the model, and it says so. */
export function estimateTokens(
  { estimator }: RouteState,
  instance: Instance,
  protocol: ClientProtocol,
  body: JsonObject,
  raw: Buffer | LongJson,
): Reply {
  const model = instance.model ?? (typeof body['model'] === 'string' ? body['model'] : '')
  const { promptTokens } = new RequestCost(protocol, estimator, body, raw).expected(instance, model)
  const headers = { ...jsonHeaders, 'X-Weir-Estimated': 'input_tokens' }
  return { status: 200, body: { input_tokens: promptTokens }, headers }
}
