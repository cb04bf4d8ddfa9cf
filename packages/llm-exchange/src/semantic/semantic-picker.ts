// Picks the instance whose examples are nearest in meaning to what the user asks (contract/ai-plugins.md §8.4).
import { createHash } from 'node:crypto'
import type { ClientProtocol, JsonObject, LongJson } from '@weir/llm'
import type { PluginHost, RequestContext } from '@weir/plugin-api'
import type { Instance } from '../instance/instance.ts'
import type { InstanceSettings } from '../settings.ts'
import { createEmbed, type EmbeddingsSettings, type UnitVector } from './embeddings-client.ts'
import { queryText } from './query-text.ts'
import { References } from './references.ts'

export interface SemanticSettings {
  readonly embeddings: EmbeddingsSettings
  /** For instances without their own; -1 to 1. */
  readonly threshold: number
  /** The instance for requests that are near to none, and when the embeddings service fails. Default: the first. */
  readonly fallback?: string | undefined
  /** Tells the scores in response headers. */
  readonly debugging: boolean
}

export interface SemanticPicker {
  pick(
    ctx: RequestContext,
    protocol: ClientProtocol,
    body: JsonObject,
    raw: Buffer | LongJson,
  ): Promise<Instance | undefined>
}

interface Score {
  readonly instance: Instance
  readonly threshold: number
  readonly score: number
}

export function createSemanticPicker(
  settings: SemanticSettings,
  configured: readonly InstanceSettings[],
  instances: readonly Instance[],
  host: PluginHost,
): SemanticPicker {
  const { embeddings, fallback, debugging } = settings
  const embed = createEmbed(embeddings, host)
  const examples = configured.map((one) => one.examples ?? [])
  const thresholds = configured.map(({ threshold }) => threshold ?? settings.threshold)
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([embeddings, examples]))
    .digest('hex')
  const references = host.keep(
    'semantic references',
    fingerprint,
    () => new References(embed, examples, () => host.now()),
  )
  const otherwise = instances.find(({ name }) => name === fallback) ?? instances[0]

  async function scores(text: string): Promise<Score[]> {
    const [known, asked] = await Promise.all([references.get(), embed([text])])
    const [query = []] = asked
    return instances
      .map((instance, i) => ({
        instance,
        threshold: thresholds[i] ?? 0,
        score: Math.max(...(known[i] ?? []).map((vector) => product(vector, query))),
      }))
      .toSorted((one, other) => other.score - one.score)
  }

  return {
    async pick(ctx, protocol, body, raw) {
      let ranked: readonly Score[] = []
      try {
        const text = await queryText(protocol, body, raw)
        if (text !== '') ranked = await scores(text)
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown'
        ctx.log.warn('the request could not be compared with the examples of the instances', { reason })
      }
      if (ranked.length === 0) return otherwise
      const near = ranked.find(({ score, threshold }) => score >= threshold)?.instance
      const told = debugging || !near ? listed(ranked) : ''
      if (debugging) {
        ctx.addResponseHeader('X-AI-Semantic-Scores', told)
        ctx.addResponseHeader('X-AI-Semantic-Picked-Instance', near?.name ?? 'fallback')
      }
      if (!near) ctx.log.warn('the request is near to no instance', { scores: told })
      return near ?? otherwise
    },
  }
}

function product(one: UnitVector, other: UnitVector): number {
  if (one.length !== other.length) throw new Error('the embeddings service sent vectors of different lengths')
  let sum = 0
  for (const [i, value] of one.entries()) sum += value * (other[i] ?? 0)
  return sum
}

function listed(ranked: readonly Score[]): string {
  return ranked.map(({ instance, score }) => `${instance.name}:${score.toFixed(4)}`).join(',')
}
