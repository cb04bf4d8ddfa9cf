// Runs a phase: plugins in order until one replies. Waits only for a hook that returned a promise.
import { type Consumer, type GatewayResponse, isReply, type Reply } from '@weir/plugin-api'
import type { Step } from './chain.ts'
import type { Context } from './context.ts'
import { toResponse } from './replies.ts'

type Answer = Consumer | Reply | undefined
export type Hook = (step: Step, ctx: Context) => Answer | Promise<Answer>

/** `authenticate` takes its turn among the rewrite hooks. A plugin has the one or the other. */
export const rewriteHook: Hook = ({ instance }, ctx) =>
  instance.authenticate ? instance.authenticate(ctx) : instance.rewrite?.(ctx)

export const accessHook: Hook = ({ instance }, ctx) => instance.access?.(ctx)

/** Whether the step's `_meta.filter` lets it take part in this request. */
export function applies(step: Step, ctx: Context): boolean {
  return step.filter === undefined || ctx.passes(step.filter)
}

/** The first reply of a phase as a response; undefined when every plugin lets the request go on. */
export function runSteps(
  steps: readonly Step[],
  hook: Hook,
  ctx: Context,
  from = 0,
): GatewayResponse | undefined | Promise<GatewayResponse | undefined> {
  for (let index = from; index < steps.length; index++) {
    const step = steps[index]
    if (!step || !applies(step, ctx)) continue
    const answer = hook(step, ctx)
    if (answer instanceof Promise) return runOn(steps, hook, ctx, index, answer)
    const response = take(step, ctx, answer)
    if (response) return response
  }
  return undefined
}

async function runOn(
  steps: readonly Step[],
  hook: Hook,
  ctx: Context,
  index: number,
  pending: Promise<Answer>,
): Promise<GatewayResponse | undefined> {
  const step = steps[index]
  const response = step && take(step, ctx, await pending)
  return response ?? runSteps(steps, hook, ctx, index + 1)
}

function take(step: Step, ctx: Context, answer: Answer): GatewayResponse | undefined {
  if (answer === undefined) return undefined
  if (isReply(answer)) return toResponse(answer, step.errorResponse)
  ctx.consumer = answer
  return undefined
}
