// What a configuration does to a request's body on its way to one instance (contract/ai-plugins.md §6.1).
import type { BodyEdits, ClientProtocol, JsonObject } from '../protocols/protocol.ts'
import type { MaxTokensMember } from '../providers/provider.ts'
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
}

export interface ShapedBody {
  readonly bytes: Buffer
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

  constructor(protocol: ClientProtocol, rules: ShapingRules) {
    this.#protocol = protocol
    this.#rules = rules
    this.#fixed = fixedEdits(rules)
    this.#fixedJson = new Map(
      Object.entries(this.#fixed).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, Buffer.from(JSON.stringify(value))] as const],
      ),
    )
  }

  /** The value that a member has after shaping, except for what `override.request_body` does to it. */
  member(body: JsonObject, key: string): unknown {
    return Object.hasOwn(this.#fixed, key) ? this.#fixed[key] : body[key]
  }

  /** `raw` is `body` as the client wrote it; undefined when a plugin has replaced it. */
  shape(body: JsonObject, raw: Buffer | undefined): ShapedBody {
    const edits = this.#edits(body)
    if (raw) {
      if (!edits) return { bytes: raw, edits: undefined }
      const bytes = this.#splice(raw, body, edits)
      if (bytes) return { bytes, edits }
    }
    return { bytes: Buffer.from(JSON.stringify(edits ? { ...body, ...edits } : body)), edits: edits ?? {} }
  }

  #edits(body: JsonObject): BodyEdits | undefined {
    let edits: Record<string, unknown> | undefined
    const fixUp = this.#protocol.fixUp(body)
    if (fixUp) edits = { ...fixUp }
    for (const key of Object.keys(this.#fixed)) {
      const value = this.#fixed[key]
      if (body[key] === value && !(edits && key in edits)) continue
      edits ??= {}
      edits[key] = value
    }
    const { patch, forcePatch } = this.#rules
    if (patch) {
      const before = edits
      const member = (key: string) => (before && Object.hasOwn(before, key) ? before[key] : body[key])
      const patched = patchEdits(member, patch, forcePatch)
      if (Object.keys(patched).length > 0) return { ...edits, ...patched }
    }
    return edits
  }

  #splice(raw: Buffer, body: JsonObject, edits: BodyEdits): Buffer | undefined {
    const members = []
    for (const key of Object.keys(edits)) {
      const value = edits[key]
      if (value === undefined) {
        // Taking a member away moves commas; that is rare enough to be written anew.
        if (key in body) return undefined
        continue
      }
      const fixed = value === this.#fixed[key] ? this.#fixedJson.get(key) : undefined
      members.push({ key, json: fixed ?? Buffer.from(JSON.stringify(value)) })
    }
    return spliceMembers(raw, members)
  }
}

function fixedEdits({ options, maxTokens, maxTokensMember }: ShapingRules): BodyEdits {
  const edits: Record<string, unknown> = { ...options }
  if (maxTokens !== undefined && maxTokensMember) {
    for (const replaced of maxTokensMember.replaces ?? []) edits[replaced] = undefined
    edits[maxTokensMember.member] = maxTokens
  }
  return edits
}
