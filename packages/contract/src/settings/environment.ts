// `${{VAR}}` in config.yaml: environment variables, put in after the file was parsed (contract/etcd.md §6).

import { GatewayError } from '../errors/index.ts'
import { isJsonObject, type JsonObject } from '../schema/index.ts'

/** Like `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

// White space inside is allowed; what follows `:=` is the default, which may be empty.
const reference = /\$\{\{\s*(\w+)\s*(?::=(.*?))?\s*\}\}/g
const numberText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/**
 * Replaces the references in every value and key. A value that had one and now reads as a number, `true` or
 * `false` becomes that.
 * @throws GatewayError `invalid_configuration` when a variable is missing and has no default.
 */
export function resolveEnvironment(value: unknown, env: Environment): unknown {
  if (typeof value === 'string') return resolveValue(value, env)
  if (Array.isArray(value)) return value.map((item) => resolveEnvironment(item, env))
  if (!isJsonObject(value)) return value
  const resolved: JsonObject = {}
  for (const [key, member] of Object.entries(value)) {
    resolved[resolveEnvironmentText(key, env)] = resolveEnvironment(member, env)
  }
  return resolved
}

function resolveValue(text: string, env: Environment): unknown {
  const resolved = resolveEnvironmentText(text, env)
  if (resolved === text) return text
  if (resolved === 'true') return true
  if (resolved === 'false') return false
  return numberText.test(resolved) ? Number(resolved) : resolved
}

/**
 * Replaces the references wherever they stand in a text.
 * @throws GatewayError `invalid_configuration` when a variable is missing and has no default.
 */
export function resolveEnvironmentText(text: string, env: Environment): string {
  return text.replaceAll(reference, (_match, name: string, fallback: string | undefined) => {
    const value = env[name] ?? fallback?.trim()
    if (value !== undefined) return value
    throw new GatewayError(
      'invalid_configuration',
      `failed to handle configuration: can't find environment variable ${name}`,
    )
  })
}
