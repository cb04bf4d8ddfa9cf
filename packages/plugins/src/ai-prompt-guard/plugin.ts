// Admits or refuses prompts by patterns (contract/ai-plugins.md §12.3).
import { isReference } from '@weir/contract'
import { createScreen, detectProtocol, patternComplaint, screenPieces, type Verdict } from '@weir/llm'
import { definePlugin, type JsonBody, readJsonBody, type Reply, type RequestContext } from '@weir/plugin-api'
import { asksForModels } from '../prompts/model-list.ts'
import { type Config, schema } from './schema.ts'

const name = 'ai-prompt-guard'
/** Reasons in the log quote what clients send. */
const reasonLengthMax = 256

const notAllowed = refusal("Request doesn't match allow patterns")
const denied = refusal('Request contains prohibited content')
const emptyBody = refusal('Empty request body')
const unknownFormat = 'Request format not recognized by ai-prompt-guard'
const notChecked: Reply = { status: 503, body: { message: 'the request could not be checked' } }

const replies: Readonly<Record<Verdict, Reply | undefined>> = {
  passes: undefined,
  // APISIX answers it with an empty 200.
  nothing_said: undefined,
  not_allowed: notAllowed,
  denied,
  too_long: { status: 413, body: { message: 'the request is too long to be checked' } },
}

export const aiPromptGuard = definePlugin<Config>({
  name,
  priority: 1072,
  schema,
  check({ allow_patterns: allow, deny_patterns: deny }) {
    for (const pattern of allow) {
      const complaint = patternComplaint('allow', pattern)
      if (complaint !== undefined) return complaint
    }
    for (const pattern of deny) {
      const complaint = patternComplaint('deny', pattern)
      if (complaint !== undefined) return complaint
    }
    return undefined
  },
  create(config) {
    const rules = {
      allow: config.allow_patterns,
      deny: config.deny_patterns,
      allRoles: config.match_all_roles,
      allHistory: config.match_all_conversation_history,
    }
    // A reference that is still one was not found, and what it stands for guards nothing.
    if ([...rules.allow, ...rules.deny].some(isReference)) return { access: () => notChecked }
    const screen = createScreen(rules)

    async function judge(ctx: RequestContext, { kind, raw, value }: JsonBody): Promise<Reply | undefined> {
      const protocol = detectProtocol(ctx.request.path, value)
      if (!protocol || !protocol.hasText) return unchecked(ctx, unknownFormat)
      if (kind === 'long' || raw.length > screen.bytesAtOnceMax) {
        const pieces = kind === 'long' ? raw.pieces : [raw]
        try {
          return replies[await screenPieces(pieces, { protocol: protocol.name, rules })]
        } catch (error) {
          ctx.log.error(`${name} could not check a long request`, {
            route: ctx.route.id,
            reason: error instanceof Error ? error.message : 'unknown',
          })
          return notChecked
        }
      }
      return replies[screen.judge(protocol.name, isTable(value) ? value : {})]
    }

    /** What cannot be judged passes, with more or less ado, or is refused. */
    function unchecked(ctx: RequestContext, reason: string): Reply | undefined {
      if (config.fail_mode === 'error') return refusal(reason)
      const line = `${name} skipped: ${reason.replaceAll(/\p{Cc}/gu, '').slice(0, reasonLengthMax)}`
      if (config.fail_mode === 'warn') ctx.log.warn(line)
      else ctx.log.info(line)
      return undefined
    }

    return {
      async access(ctx) {
        if (asksForModels(ctx.request)) return undefined
        const body = await readJsonBody(ctx, config.max_req_body_size)
        if ('value' in body) return judge(ctx, body)
        return body.complaint === undefined ? emptyBody : unchecked(ctx, body.complaint)
      },
    }
  },
})

function refusal(message: string): Reply {
  return { status: 400, body: { message } }
}

/** Detection finds a protocol in nothing else. */
function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
