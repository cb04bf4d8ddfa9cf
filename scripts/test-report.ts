// What a test run came to, read from vitest's JSON report.

import { relative } from 'node:path'

export interface Counts {
  readonly passed: number
  readonly failed: number
}

/** Nothing ran when the report is missing or is not what it should be. A file that did not load is a failure too. */
export function toCounts(report: string): Counts {
  const value = parse(report)
  const passed = numberAt(value, 'numPassedTests')
  const failed = numberAt(value, 'numFailedTests')
  const failedFiles = listAt(value, 'testResults').filter(
    (file) =>
      textAt(file, 'status') === 'failed' &&
      !listAt(file, 'assertionResults').some((test) => textAt(test, 'status') === 'failed'),
  ).length
  return { passed, failed: failed + failedFiles }
}

/** Lines that name each failure and the start of its reason, for the end of a long output; `root` is left out of paths. */
export function toFailures(report: string, root: string): readonly string[] {
  const files = listAt(parse(report), 'testResults').filter((file) => textAt(file, 'status') === 'failed')
  return files.flatMap((file) => {
    const path = relative(root, textAt(file, 'name'))
    const tests = listAt(file, 'assertionResults').filter((each) => textAt(each, 'status') === 'failed')
    if (tests.length === 0) return [`${path}: ${startOf(textAt(file, 'message'))}`]
    return tests.map((each) => {
      const messages = listAt(each, 'failureMessages').filter((message) => typeof message === 'string')
      return `${path} > ${textAt(each, 'fullName')}: ${startOf(messages.join('\n'))}`
    })
  })
}

const reasonLength = 1500

function startOf(message: string): string {
  return message.length > reasonLength ? `${message.slice(0, reasonLength)} ...` : message
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

function parse(report: string): unknown {
  try {
    return JSON.parse(report)
  } catch {
    return undefined
  }
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
