// Weir's own members, which APISIX's schema does not name. `admission`: what is left decides unless the request's
// expected cost shall fit. `clamp_max_tokens`: answers are kept within what was reserved for them. `degradation`:
// what is done while shared counters are away.
import type { Ask } from '@weir/counters'
import type { Config } from './schema.ts'

const admissions: readonly unknown[] = ['remaining', 'fits'] satisfies Ask['admission'][]

export function ownComplaint(config: Config): string | undefined {
  const { admission, clamp_max_tokens: clamps, degradation } = config
  if (admission !== undefined && !admissions.includes(admission)) {
    return 'property "admission" validation failed: matches none of the enum values'
  }
  if (clamps !== undefined && typeof clamps !== 'boolean') {
    return 'property "clamp_max_tokens" validation failed: wrong type: expected boolean, got ' + typeof clamps
  }
  if (degradation !== undefined && degradation !== 'lease') {
    return 'property "degradation" validation failed: matches none of the enum values'
  }
  return undefined
}

export function degradationOf(config: Config): 'lease' | undefined {
  return config['degradation'] === 'lease' ? 'lease' : undefined
}

export function admissionOf(config: Config): Ask['admission'] {
  return config['admission'] === 'fits' ? 'fits' : 'remaining'
}
