// Counts of a test run, read from vitest's JSON report.

export interface Counts {
  readonly passed: number
  readonly failed: number
}

/** Nothing ran when the report is missing or is not what it should be. A file that did not load is a failure too. */
export function toCounts(report: string): Counts {
  const none = { passed: 0, failed: 0 }
  let value: unknown
  try {
    value = JSON.parse(report)
  } catch {
    return none
  }
  const passed = numberAt(value, 'numPassedTests')
  const failed = numberAt(value, 'numFailedTests')
  const failedFiles = listAt(value, 'testResults').filter(
    (file) =>
      textAt(file, 'status') === 'failed' &&
      !listAt(file, 'assertionResults').some((test) => textAt(test, 'status') === 'failed'),
  ).length
  return { passed, failed: failed + failedFiles }
}

export function sumCounts(counts: readonly Counts[]): Counts {
  let passed = 0
  let failed = 0
  for (const each of counts) {
    passed += each.passed
    failed += each.failed
  }
  return { passed, failed }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function numberAt(value: unknown, name: string): number {
  const field = fieldOf(value, name)
  return typeof field === 'number' ? field : 0
}

function textAt(value: unknown, name: string): string {
  const field = fieldOf(value, name)
  return typeof field === 'string' ? field : ''
}

function listAt(value: unknown, name: string): readonly unknown[] {
  const field = fieldOf(value, name)
  return Array.isArray(field) ? field : []
}
