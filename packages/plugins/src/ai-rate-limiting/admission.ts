// `admission`: Weir's own choice, which APISIX's schema does not name. What is left decides unless the request's
// expected cost shall fit.
import type { Ask } from '@weir/counters'
import type { Config } from './schema.ts'

const admissions: readonly unknown[] = ['remaining', 'fits'] satisfies Ask['admission'][]

export function admissionComplaint(config: Config): string | undefined {
  const value = config['admission']
  if (value === undefined || admissions.includes(value)) return undefined
  return 'property "admission" validation failed: matches none of the enum values'
}

export function admissionOf(config: Config): Ask['admission'] {
  return config['admission'] === 'fits' ? 'fits' : 'remaining'
}
