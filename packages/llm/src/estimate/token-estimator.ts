// How many tokens a request may cost, before anybody has counted them: from bytes, with what was learned of a model.
import { isJsonObject } from '@weir/contract'
import type { UsageReport } from '../usage.ts'

/** Models remembered; the one first seen longest ago is forgotten first. Clients choose names, so there is a bound. */
export const modelsMax = 1024

/** English has about four bytes to a token in all current tokenizers, and Chinese is not far from it in UTF-8. */
const TOKENS_PER_BYTE_START = 0.25
/** A completion of a model of which nothing is known yet, and no bound is asked for. */
const COMPLETION_START = 1024
const COMPLETION_MIN = 16
const COMPLETION_MAX = 131_072
/** What one picture or recording is taken to cost. */
const TOKENS_PER_MEDIA = 1024
/** Weight of the newest observation in a learned ratio. */
const LEARNING_RATE = 0.1
/** The learned completion is one that 95 of 100 answers do not exceed. */
const QUANTILE = 0.95
/** One step of the quantile, as a part of its value. */
const QUANTILE_STEP = 0.2

interface ModelHabits {
  promptTokensPerByte: number
  completionTokensPerByte: number
  completionHigh: number
}

export interface Prompt {
  readonly bytes: number
  readonly media: number
}

/** What one worker has learned of all models. */
export class TokenEstimator {
  readonly #habits = new Map<string, ModelHabits>()

  promptTokens(model: string, prompt: Prompt): number {
    const ratio = this.#habits.get(model)?.promptTokensPerByte ?? TOKENS_PER_BYTE_START
    return Math.ceil(prompt.bytes * ratio) + prompt.media * TOKENS_PER_MEDIA
  }

  /** The most that a completion is expected to cost when the request sets no bound. */
  completionTokens(model: string): number {
    return Math.ceil(this.#habits.get(model)?.completionHigh ?? COMPLETION_START)
  }

  /** The tokens of a completion of which only the text is known. */
  tokensOfText(model: string, textBytes: number): number {
    return Math.ceil(textBytes * (this.#habits.get(model)?.completionTokensPerByte ?? TOKENS_PER_BYTE_START))
  }

  /** Learns from what a provider reported. `textBytes` is 0 when the text was not looked at. */
  learn(model: string, prompt: Prompt, textBytes: number, usage: UsageReport): void {
    if (usage.source !== 'reported') return
    const habits = this.#habitsOf(model)
    if (usage.promptTokens > 0 && prompt.bytes > 0 && prompt.media === 0) {
      habits.promptTokensPerByte = drift(habits.promptTokensPerByte, usage.promptTokens / prompt.bytes)
    }
    if (usage.completionTokens <= 0) return
    if (textBytes > 0) {
      habits.completionTokensPerByte = drift(
        habits.completionTokensPerByte,
        usage.completionTokens / textBytes,
      )
    }
    const exceeds = usage.completionTokens > habits.completionHigh
    const step = exceeds ? 1 + QUANTILE_STEP * QUANTILE : 1 - QUANTILE_STEP * (1 - QUANTILE)
    habits.completionHigh = Math.min(COMPLETION_MAX, Math.max(COMPLETION_MIN, habits.completionHigh * step))
  }

  #habitsOf(model: string): ModelHabits {
    const known = this.#habits.get(model)
    if (known) return known
    if (this.#habits.size >= modelsMax) {
      for (const oldest of this.#habits.keys()) {
        this.#habits.delete(oldest)
        break
      }
    }
    const habits = {
      promptTokensPerByte: TOKENS_PER_BYTE_START,
      completionTokensPerByte: TOKENS_PER_BYTE_START,
      completionHigh: COMPLETION_START,
    }
    this.#habits.set(model, habits)
    return habits
  }
}

function drift(value: number, observed: number): number {
  return value + (observed - value) * LEARNING_RATE
}

/**
 * The bound that a request sets on each of its completions: the largest of the names for it, 0 when there is none.
 * `member` reads the body as it will go out.
 */
export function completionBound(member: (key: string) => unknown): number {
  const inference = member('inferenceConfig')
  return Math.max(
    asCount(member('max_tokens')),
    asCount(member('max_completion_tokens')),
    asCount(member('max_output_tokens')),
    isJsonObject(inference) ? asCount(inference['maxTokens']) : 0,
  )
}

/** How many answers a request makes the model write: `n`, or the `best_of` from which the best are chosen. */
export function answersBound(member: (key: string) => unknown): number {
  return Math.max(1, asCount(member('n')), asCount(member('best_of')))
}

function asCount(value: unknown): number {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? Math.ceil(value) : 0
}
