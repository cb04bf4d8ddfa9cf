// The metrics of OpenTelemetry's semantic conventions for GenAI, in seconds and tokens as they have them.
import type { Meter } from '@opentelemetry/api'
import type { OperationFacts } from './types.ts'

const secondsBounds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const tokenSecondsBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
const tokenBounds = Array.from({ length: 14 }, (_, power) => 4 ** power)
const MS_PER_SECOND = 1000

export type CountOperation = (operation: OperationFacts) => void

export function createGenAiMetrics(meter: Meter): CountOperation {
  const seconds = (name: string, description: string, bounds = secondsBounds) =>
    meter.createHistogram(name, {
      description,
      unit: 's',
      advice: { explicitBucketBoundaries: bounds },
    })
  const duration = seconds('gen_ai.client.operation.duration', 'Duration of a call of a model.')
  const firstChunk = seconds(
    'gen_ai.client.operation.time_to_first_chunk',
    'Time from a call to the first chunk of its stream.',
  )
  const perToken = seconds(
    'gen_ai.server.time_per_output_token',
    'Time per token of a stream, behind the first one.',
    tokenSecondsBounds,
  )
  const tokens = meter.createHistogram('gen_ai.client.token.usage', {
    description: 'Tokens of a call.',
    unit: '{token}',
    advice: { explicitBucketBoundaries: tokenBounds },
  })
  return ({ attributes, durationMs, inputTokens, outputTokens, firstChunkMs, perOutputTokenMs }) => {
    duration.record(durationMs / MS_PER_SECOND, attributes)
    if (firstChunkMs !== undefined) firstChunk.record(firstChunkMs / MS_PER_SECOND, attributes)
    if (perOutputTokenMs !== undefined) perToken.record(perOutputTokenMs / MS_PER_SECOND, attributes)
    if (inputTokens !== undefined) tokens.record(inputTokens, { ...attributes, 'gen_ai.token.type': 'input' })
    if (outputTokens !== undefined)
      tokens.record(outputTokens, { ...attributes, 'gen_ai.token.type': 'output' })
  }
}
