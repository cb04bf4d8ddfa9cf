// Which traces are recorded, by the names of the configuration (contract/common-plugins.md §9).
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'
import type { SamplerSettings } from './types.ts'

export function createSampler({ name, options: { fraction, root } }: SamplerSettings): Sampler {
  if (name === 'always_on') return new AlwaysOnSampler()
  if (name === 'trace_id_ratio') return new TraceIdRatioBasedSampler(fraction)
  if (name === 'parent_base' && root)
    return new ParentBasedSampler({ root: createSampler({ name: root.name, options: root.options }) })
  return new AlwaysOffSampler()
}
