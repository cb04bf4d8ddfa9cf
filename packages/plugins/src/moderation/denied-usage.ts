// What a denied answer has cost, in the words of its caller's protocol: a provider may have reported it in others.
import type { JsonObject, ProtocolName, UsageReport } from '@weir/llm'
import type { LlmExchange } from '@weir/plugin-api'

interface Words {
  /** Without these members a report is not in the protocol's words. */
  readonly members: readonly string[]
  toUsage(report: UsageReport): JsonObject
}

const chat: Words = {
  members: ['prompt_tokens', 'completion_tokens'],
  toUsage: ({ promptTokens, completionTokens, totalTokens }) => ({
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: totalTokens,
  }),
}

const responses: Words = {
  members: ['input_tokens', 'output_tokens', 'total_tokens'],
  toUsage: ({ promptTokens, completionTokens, totalTokens }) => ({
    input_tokens: promptTokens,
    output_tokens: completionTokens,
    total_tokens: totalTokens,
  }),
}

const anthropic: Words = {
  members: ['input_tokens', 'output_tokens'],
  toUsage: ({ promptTokens, completionTokens }) => ({
    input_tokens: promptTokens,
    output_tokens: completionTokens,
  }),
}

const converse: Words = {
  members: ['inputTokens', 'outputTokens'],
  toUsage: ({ promptTokens, completionTokens, totalTokens }) => ({
    inputTokens: promptTokens,
    outputTokens: completionTokens,
    totalTokens,
  }),
}

/** Those that providers' answers are converted to. */
const words: Partial<Readonly<Record<ProtocolName, Words>>> = {
  'openai-chat': chat,
  'openai-responses': responses,
  'anthropic-messages': anthropic,
  'bedrock-converse': converse,
}

/** As it was reported, if its words are the caller's; undefined when nothing was. */
export function usageToTell({ protocol, usage }: LlmExchange): JsonObject | undefined {
  const raw = usage?.raw
  const own = words[protocol.name]
  if (!usage || !raw || !own || own.members.every((name) => name in raw)) return raw
  return own.toUsage(usage)
}
