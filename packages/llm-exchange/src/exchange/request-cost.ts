// What one request will probably cost, and what it did cost when nobody reported it.
import {
  answersBound,
  type ClientProtocol,
  completionBound,
  estimatedUsage,
  type JsonObject,
  LongJson,
  type Prompt,
  type TokenEstimator,
  type UsageReport,
} from '@weir/llm'
import type { QuotaEstimate } from '@weir/plugin-api'
import type { Instance } from '../instance/instance.ts'

/** No real request comes near it; sums of it stay exact. */
const tokensMax = 1e12

export class RequestCost {
  readonly #protocol: ClientProtocol
  readonly #estimator: TokenEstimator
  readonly #body: JsonObject
  readonly #raw: Buffer | LongJson | undefined
  #prompt: Prompt | undefined = undefined
  /** What was expected of the attempt that is under way. */
  #expected: QuotaEstimate | undefined = undefined

  /** `raw` is the body as the client sent it; undefined when a plugin has replaced it. */
  constructor(
    protocol: ClientProtocol,
    estimator: TokenEstimator,
    body: JsonObject,
    raw: Buffer | LongJson | undefined,
  ) {
    this.#protocol = protocol
    this.#estimator = estimator
    this.#body = body
    this.#raw = raw
  }

  /** Before the call: the prompt by its bytes, the completion by the bound that goes out, else as learned. */
  expected(instance: Instance, model: string): QuotaEstimate {
    const body = this.#body
    const shaper = instance.plans.get(this.#protocol.name)?.shaper
    const member = (key: string) => (shaper ? shaper.member(body, key) : body[key])
    const bound = completionBound(member)
    const answers = answersBound(member)
    this.#expected = {
      promptTokens: this.#estimator.promptTokens(model, this.#measure()),
      completionTokens: Math.min(tokensMax, (bound || this.#estimator.completionTokens(model)) * answers),
      answers,
      isBounded: bound > 0,
    }
    return this.#expected
  }

  /**
   * After it, from the delivered text: never more than was expected at most, and than `completionMax`. Undefined where
   * there is no text from which anything could be estimated.
   */
  delivered(
    model: string,
    textBytes: number,
    interrupted: boolean,
    completionMax: number | undefined,
  ): UsageReport | undefined {
    if (!this.#protocol.hasText) return undefined
    const expected = this.#expected
    const promptTokens = expected?.promptTokens ?? this.#estimator.promptTokens(model, this.#measure())
    const most = Math.min(
      expected?.isBounded === true ? expected.completionTokens : Infinity,
      completionMax ?? Infinity,
    )
    const completionTokens = Math.min(most, this.#estimator.tokensOfText(model, textBytes))
    return estimatedUsage(promptTokens, completionTokens, interrupted)
  }

  learn(model: string, textBytes: number, usage: UsageReport): void {
    this.#estimator.learn(model, this.#measure(), textBytes, usage)
  }

  #measure(): Prompt {
    if (this.#prompt) return this.#prompt
    const raw = this.#raw
    const whole = raw?.length ?? Buffer.byteLength(JSON.stringify(this.#body))
    const { count, bytes } = raw instanceof LongJson ? raw.media : this.#protocol.media(this.#body)
    this.#prompt = { bytes: Math.max(0, whole - bytes), media: count }
    return this.#prompt
  }
}
