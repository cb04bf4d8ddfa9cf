// What a configuration does to a request's body on its way to one instance (contract/ai-plugins.md §6.1).
import { GatewayError, isJsonObject } from '@weir/contract'
import { LongJson, longObject } from '../large/long-json.ts'
import { splicePieces } from '../large/splice-pieces.ts'
import type { BodyEdits, ClientProtocol, JsonObject } from '../protocols/protocol.ts'
import type { MaxTokensMember } from '../providers/provider.ts'
import { lowerCompletion } from './lower-completion.ts'
import { patchEdits } from './merge-patch.ts'
import { spliceMembers } from './splice.ts'

export interface ShapingRules {
  /** Written over the top-level members of the body. */
  readonly options: JsonObject | undefined
  readonly maxTokens: number | undefined
  /** Where the provider wants `maxTokens` in this protocol. */
  readonly maxTokensMember: MaxTokensMember | undefined
  readonly patch: JsonObject | undefined
  readonly forcePatch: boolean
  /** Whether `model` is taken out at the end. */
  readonly dropsModel: boolean
}

export interface ShapedBody {
  /** In pieces when the client's body is long. */
  readonly bytes: Buffer | readonly Buffer[]
  /** The members that were changed; undefined when the client's own bytes go out. */
  readonly edits: BodyEdits | undefined
}

/** Shapes the bodies of one protocol for one instance; made once per configuration. */
export class BodyShaper {
  readonly #protocol: ClientProtocol
  readonly #rules: ShapingRules
  /** `options` and then `max_tokens`: the same for every request. */
  readonly #fixed: BodyEdits
  readonly #fixedJson: ReadonlyMap<string, Buffer>
  /** `max_tokens` where the provider wants it deeper down. */
  readonly #nested: JsonObject | undefined

  constructor(protocol: ClientProtocol, rules: ShapingRules) {
    this.#protocol = protocol
    this.#rules = rules
    this.#fixed = fixedEdits(rules)
    this.#nested = nestedPatch(rules)
    this.#fixedJson = new Map(
      Object.entries(this.#fixed).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, Buffer.from(JSON.stringify(value))] as const],
      ),
    )
  }

  /** The value that a member has after shaping. */
  member(body: JsonObject, key: string): unknown {
    const value = Object.hasOwn(this.#fixed, key) ? this.#fixed[key] : body[key]
    const { patch, forcePatch } = this.#rules
    if (!patch || !Object.hasOwn(patch, key)) return value
    const patched = patchEdits(() => value, { [key]: patch[key] }, forcePatch)
    return Object.hasOwn(patched, key) ? patched[key] : value
  }

  /**
   * `raw` is what the client sent, of which `body` is the value, or the outline when it is long; undefined when a
   * plugin has replaced it. `completionMax` is the most tokens that each answer may have.
   */
  shape(body: JsonObject, raw: Buffer | LongJson | undefined, completionMax?: number): ShapedBody {
    if (raw instanceof LongJson) return this.#shapeLong(body, raw, completionMax)
    const edits = this.#bounded(body, this.#edits(body), completionMax)
    if (raw) {
      if (!edits) return { bytes: raw, edits: undefined }
      const bytes = this.#splice(raw, body, edits)
      if (bytes) return { bytes, edits }
    }
    return { bytes: Buffer.from(JSON.stringify(edits ? { ...body, ...edits } : body)), edits: edits ?? {} }
  }

  #shapeLong(outline: JsonObject, json: LongJson, completionMax: number | undefined): ShapedBody {
    const { patch } = this.#rules
    const whole = this.#nested ? withPatchable(outline, json, this.#nested) : outline
    const body = patch ? withPatchable(whole, json, patch) : whole
    const edits = this.#bounded(body, this.#edits(body), completionMax)
    // An array has no members to set.
    if (!edits || !json.isObject) return { bytes: json.pieces, edits: undefined }
    const members = new Map<string, Buffer | undefined>()
    for (const key of Object.keys(edits)) members.set(key, this.#jsonOf(key, edits[key]))
    return { bytes: splicePieces(json, members), edits }
  }

  #jsonOf(key: string, value: unknown): Buffer | undefined {
    if (value === undefined) return undefined
    const fixed = value === this.#fixed[key] ? this.#fixedJson.get(key) : undefined
    return fixed ?? Buffer.from(JSON.stringify(value))
  }

  #edits(body: JsonObject): BodyEdits | undefined {
    let edits: MutableEdits | undefined
    const fixUp = this.#protocol.fixUp(body)
    if (fixUp) edits = { ...fixUp }
    for (const key of Object.keys(this.#fixed)) {
      const value = this.#fixed[key]
      if (body[key] === value && !(edits && key in edits)) continue
      edits ??= {}
      edits[key] = value
    }
    const { patch, forcePatch, dropsModel } = this.#rules
    if (this.#nested) edits = withPatch(body, edits, this.#nested, true)
    if (patch) edits = withPatch(body, edits, patch, forcePatch)
    if (!dropsModel || !('model' in body || (edits && 'model' in edits))) return edits
    edits ??= {}
    edits['model'] = undefined
    return edits
  }

  #bounded(
    body: JsonObject,
    edits: BodyEdits | undefined,
    completionMax: number | undefined,
  ): BodyEdits | undefined {
    if (completionMax === undefined) return edits
    const member = (key: string) => (edits && Object.hasOwn(edits, key) ? edits[key] : body[key])
    const { member: name, within } = this.#rules.maxTokensMember ?? {}
    const lowered = lowerCompletion(member, completionMax, within === undefined ? name : undefined)
    if (lowered) return { ...edits, ...lowered }
    if (name === undefined || within === undefined) return edits
    return withPatch(body, edits, { [within]: { [name]: completionMax } }, false)
  }

  #splice(raw: Buffer, body: JsonObject, edits: BodyEdits): Buffer | undefined {
    const members = []
    for (const key of Object.keys(edits)) {
      const json = this.#jsonOf(key, edits[key])
      if (json) members.push({ key, json })
      // Taking a member away moves commas; that is rare enough to be written anew.
      else if (key in body) return undefined
    }
    return spliceMembers(raw, members)
  }
}

/** An object of a long body into which a patch is to be merged may have this size: it is parsed at once. */
const patchedBytesMax = 262_144

/** A patch is merged into objects, so those that it names are needed whole. */
function withPatchable(outline: JsonObject, json: LongJson, patch: JsonObject): JsonObject {
  let whole: Record<string, unknown> | undefined
  for (const key of Object.keys(patch)) {
    if (outline[key] !== longObject || !isJsonObject(patch[key])) continue
    const place = json.members.findLast((member) => member.key === key)
    if (!place) continue
    if (place.end - place.start > patchedBytesMax) {
      throw new GatewayError('body_too_large', `the member "${key}" of the body is too large to be changed`)
    }
    whole ??= { ...outline }
    whole[key] = json.parseMember(place)
  }
  return whole ?? outline
}

type MutableEdits = Record<string, unknown>

/** The edits so far and those of a patch, which sees their outcome. */
function withPatch(
  body: JsonObject,
  edits: BodyEdits | undefined,
  patch: JsonObject,
  force: boolean,
): MutableEdits | undefined {
  const member = (key: string) => (edits && Object.hasOwn(edits, key) ? edits[key] : body[key])
  const more = patchEdits(member, patch, force)
  return Object.keys(more).length > 0 ? { ...edits, ...more } : edits
}

function nestedPatch({ maxTokens, maxTokensMember }: ShapingRules): JsonObject | undefined {
  if (maxTokens === undefined || maxTokensMember?.within === undefined) return undefined
  return { [maxTokensMember.within]: { [maxTokensMember.member]: maxTokens } }
}

function fixedEdits({ options, maxTokens, maxTokensMember }: ShapingRules): BodyEdits {
  const edits: Record<string, unknown> = { ...options }
  if (maxTokens !== undefined && maxTokensMember && maxTokensMember.within === undefined) {
    for (const replaced of maxTokensMember.replaces ?? []) edits[replaced] = undefined
    edits[maxTokensMember.member] = maxTokens
  }
  return edits
}
