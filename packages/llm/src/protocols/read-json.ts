// Reading JSON that others wrote: a missing or wrong member is an empty one.
import { isJsonObject } from '@weir/contract'
import type { JsonObject } from './protocol.ts'

const nothing: JsonObject = Object.freeze({})
const noMembers: readonly never[] = Object.freeze([])

/** Undefined when the text is no JSON object. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key]
  return isJsonObject(value) ? value : nothing
}

/** The objects of an array; other members are left out. */
export function objectsAt(parent: JsonObject, key: string): readonly JsonObject[] {
  const value = parent[key]
  return Array.isArray(value) ? value.filter(isJsonObject) : noMembers
}

export function textAt(parent: JsonObject, key: string): string {
  const value = parent[key]
  return typeof value === 'string' ? value : ''
}

/** 0 unless it is a finite number. */
export function numberAt(parent: JsonObject, key: string): number {
  const value = parent[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

/** JSON null counts as absent (contract/ai-plugins.md §2.1). */
export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** Objects and arrays are one type in Lua, where the contract's rules were written. */
export function isTable(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null
}
