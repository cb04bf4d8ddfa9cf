// The error log: one JSON line per event, on standard error.
import type { LogFields, Logger } from '../types.ts'
import { sanitizeField, sanitizeText } from './sanitize.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof levels)[number]

const fieldsMax = 32
/** Lines are dropped, and counted, while standard error has so many bytes still to take. */
const backlogBytesMax = 4 * 1024 * 1024

export interface LogOutput {
  write(line: string): unknown
  /** Bytes that were written and not yet taken. */
  readonly writableLength?: number | undefined
}

export interface LoggerOptions {
  readonly level: LogLevel
  readonly output?: LogOutput | undefined
  /** Stand on every line: role, worker ... */
  readonly fields?: LogFields | undefined
  readonly now?: (() => Date) | undefined
}

/** nginx's levels (`error_log_level`) in our terms; undefined for what is none. */
export function parseLogLevel(name: string): LogLevel | undefined {
  switch (name) {
    case 'debug':
    case 'info':
    case 'warn':
    case 'error':
      return name
    case 'notice':
      return 'info'
    case 'crit':
    case 'alert':
    case 'emerg':
      return 'error'
    default:
      return undefined
  }
}

export function createLogger(options: LoggerOptions): Logger {
  const output = options.output ?? process.stderr
  const lowest = levels.indexOf(options.level)
  const now = options.now ?? (() => new Date())
  let dropped = 0

  function write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if ((output.writableLength ?? 0) > backlogBytesMax) {
      dropped++
      return
    }
    const lost = dropped > 0 ? { dropped_lines: dropped } : undefined
    dropped = 0
    const line = { time: now().toISOString(), level, message: sanitizeText(message) }
    output.write(`${JSON.stringify({ ...line, ...clean({ ...lost, ...options.fields, ...fields }) })}\n`)
  }

  function at(level: LogLevel): Logger[LogLevel] {
    if (levels.indexOf(level) < lowest) return () => undefined
    return (message, fields) => write(level, message, fields)
  }

  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function clean(fields: LogFields): Record<string, string | number | boolean> {
  const cleaned: Record<string, string | number | boolean> = {}
  let count = 0
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (++count > fieldsMax) break
    cleaned[name] = sanitizeField(name, value)
  }
  return cleaned
}
