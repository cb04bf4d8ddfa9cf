// Compiles schemas: ajv decides, APISIX's rules fill in the defaults, APISIX's words say what is wrong.

import { isIPv4, isIPv6 } from 'node:net'
import { Ajv, type AnySchemaObject, type SchemaObjCxt, type ValidateFunction } from 'ajv'
import { fillDefaults } from './defaults.ts'
import { copyJson } from './json.ts'
import { compilePattern } from './pattern.ts'
import { isReference } from './reference.ts'
import { codePoints } from './text.ts'
import { complain } from './wording.ts'

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: string }

/** A compiled schema. Both calls leave their argument untouched. */
export interface Validator<T> {
  /** The complaint in APISIX's words (contract/admin-api.md §8), or undefined when the value is fine. */
  check(value: unknown): string | undefined
  /** A deep copy with the schema's defaults filled in, or the complaint. */
  parse(value: unknown): Parsed<T>
}

export interface CompileOptions {
  /**
   * Whether strings holding `$secret://` or `$env://` pass the constraints on strings unchecked
   * (contract/admin-api.md §4.7). True for plugin configurations, false by default.
   */
  readonly references?: boolean
}

interface Engine {
  /** Stops at the first error: decides. */
  readonly decide: Ajv
  /** Collects all errors, so that the one that APISIX would name can be chosen. Used on failure only. */
  readonly collect: Ajv
}

// Ajv reads `code` only when it writes stand-alone modules, which we never ask for.
const regExp = Object.assign((pattern: string) => compilePattern(pattern), { code: 'compilePattern' })
const ajvOptions = {
  strict: false,
  logger: false,
  messages: false,
  // Schemas are our own and type-checked: judging them, and tidying the code made of them, would be a third of
  // the time that compiling takes at start.
  meta: false,
  validateSchema: false,
  code: { regExp, optimize: false },
} as const
const engines: { plain?: Engine; lenient?: Engine } = {}

/**
 * Compiles a schema. The work is done at the first use: most schemas of a build are never asked, and ajv takes
 * milliseconds for a large one.
 */
export function compileSchema<T = unknown>(schema: object, options: CompileOptions = {}): Validator<T> {
  let decide: ValidateFunction | undefined
  let collect: ValidateFunction | undefined

  function run(value: unknown): { filled: unknown; error: string | undefined } {
    const engine = engineFor(options.references ?? false)
    const matches = (part: object, of: unknown) => engine.decide.compile(part)(of)
    const filled = fillDefaults(schema, copyJson(value), matches)
    decide ??= engine.decide.compile(schema)
    if (decide(filled)) return { filled, error: undefined }
    collect ??= engine.collect.compile(schema)
    collect(filled)
    return { filled, error: complain(schema, filled, collect.errors ?? []) }
  }

  return {
    check: (value) => run(value).error,
    parse(value) {
      const { filled, error } = run(value)
      if (error !== undefined) return { ok: false, error }
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema has just said so
      return { ok: true, value: filled as T }
    },
  }
}

function engineFor(references: boolean): Engine {
  const create = () => ({ decide: createAjv(false, references), collect: createAjv(true, references) })
  if (references) return (engines.lenient ??= create())
  return (engines.plain ??= create())
}

function createAjv(allErrors: boolean, references: boolean): Ajv {
  const ajv = new Ajv({ ...ajvOptions, allErrors })
  const unlessReference = (test: (text: string) => boolean) => (text: string) =>
    (references && isReference(text)) || test(text)
  ajv.addFormat('ipv4', unlessReference(isIPv4))
  ajv.addFormat('ipv6', unlessReference(isIPv6))
  if (references) letReferencesPass(ajv)
  return ajv
}

/** Replaces the constraints on strings by ones that a reference satisfies. A default need not be as long as others. */
function letReferencesPass(ajv: Ajv): void {
  type Test = (limit: unknown, parent: AnySchemaObject) => (value: unknown) => boolean
  const redefine = (keyword: string, test: Test) => {
    ajv.removeKeyword(keyword)
    ajv.addKeyword({
      keyword,
      compile: (limit: unknown, parent: AnySchemaObject, it: SchemaObjCxt) => {
        const passes = test(limit, parent)
        // A condition asks for a certain value; a value that is not known yet is not that value.
        if (it.errSchemaPath.includes('/if')) return passes
        return (value: unknown) => isReference(value) || passes(value)
      },
    })
  }
  redefine('minLength', (min, parent) => {
    const preset: unknown = parent['default']
    return (value) => typeof value !== 'string' || codePoints(value) >= Number(min) || value === preset
  })
  redefine('maxLength', (max) => (value) => typeof value !== 'string' || codePoints(value) <= Number(max))
  redefine('pattern', (source) => {
    const pattern = compilePattern(String(source))
    return (value) => typeof value !== 'string' || pattern.test(value)
  })
  redefine('enum', (members) => {
    const texts = new Set(Array.isArray(members) ? members.map((one) => JSON.stringify(one)) : [])
    return (value) => texts.has(JSON.stringify(value))
  })
}
