// Puts messages before and behind those of a prompt, whatever its protocol (contract/ai-plugins.md §12.2).
import { isJsonObject } from '@weir/contract'
import { addMessages, addMessagesToPieces, detectProtocol, type PromptMessage } from '@weir/llm'
import { definePlugin, isReply, replaceJsonBody } from '@weir/plugin-api'
import { asksForModels } from '../prompts/model-list.ts'
import { readObjectBody } from '../prompts/object-body.ts'
import { type Config, schema } from './schema.ts'

export const aiPromptDecorator = definePlugin<Config>({
  name: 'ai-prompt-decorator',
  priority: 1070,
  schema,
  create(config) {
    const prepend = (config.prepend ?? []).filter(isPromptMessage)
    const append = (config.append ?? []).filter(isPromptMessage)
    return {
      async rewrite(ctx) {
        if (asksForModels(ctx.request)) return undefined
        const body = await readObjectBody(ctx, config.max_req_body_size)
        if (isReply(body)) return body
        const protocol = detectProtocol(ctx.request.path, body.value)?.name ?? 'openai-chat'
        const changed =
          body.kind === 'long'
            ? addMessagesToPieces(protocol, body.raw, prepend, append)
            : addMessages(protocol, body.value, prepend, append)
        replaceJsonBody(ctx, changed)
        return undefined
      },
    }
  },
})

/** APISIX's schema asks for a role and a content only of what is an object. */
function isPromptMessage(value: unknown): value is PromptMessage {
  return isJsonObject(value)
}
