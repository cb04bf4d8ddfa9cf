// What the events of one stream have in common. Most of them differ in a few values only, so that one which was parsed
// tells of the others: where the same text stands around values of the same kinds is the same JSON, and it says nothing
// of another kind. To compare costs a fraction of parsing.
import type { StreamMarks } from '../protocols/protocol.ts'
import { partMark } from './find-value.ts'
import { numberEnd, stringEnd } from './json-text.ts'

/** Characters of the longest event that is learned. Longer ones hold lists of values, which are never alike. */
const lengthMax = 2048
/** Events that are learned in a row although nothing was like the ones before. Then nothing more is learned. */
const patience = 16

const QUOTE = 0x22
const COLON = 0x3a
const MINUS = 0x2d
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39

type Kind = 'number' | 'string' | 'text' | 'tool text'

/** An event taken apart. */
interface Parts {
  readonly values: readonly string[]
  readonly kinds: readonly Kind[]
  /** What stands before each value, and behind the last. */
  readonly between: readonly string[]
}

export class EventShape {
  /** Bytes of text, and of text for tools, in the event that matched last; escapes count as they stand. */
  textBytes = 0
  toolTextBytes = 0
  readonly #marks: StreamMarks
  /** Of the event that was learned last. */
  #parts: Parts | undefined = undefined
  /** Which of its values vary, as far as is known. */
  #varies: readonly boolean[] = []
  /** What is compared: one text more than there are values that vary. */
  #texts: readonly string[] = []
  #kinds: readonly Kind[] = []
  #fruitless = 0

  constructor(marks: StreamMarks) {
    this.#marks = marks
  }

  /** The place behind the event that begins at `from`, when it is like those before; -1 when it is not. */
  match(text: string, from: number): number {
    const texts = this.#texts
    const kinds = this.#kinds
    const last = texts.length - 1
    this.textBytes = 0
    this.toolTextBytes = 0
    let at = from
    for (let i = 0; i <= last; i++) {
      const same = texts[i] ?? ''
      // For texts of this length this is faster than `startsWith`, which goes character by character.
      if (text.substring(at, at + same.length) !== same) return -1
      at += same.length
      if (i === last) {
        if (this.#fruitless < patience) this.#fruitless = 0
        return at
      }
      const kind = kinds[i]
      const end = kind === 'number' ? numberEnd(text, at) : stringEnd(text, at)
      if (end < 0) return -1
      if (kind === 'text') this.textBytes += end - at
      else if (kind === 'tool text') this.toolTextBytes += end - at
      at = end
    }
    return -1
  }

  /** `event`: whole, its data known to be JSON, and without any of the protocol's marks. */
  learn(event: string): void {
    if (event.length > lengthMax || this.#fruitless === patience) return
    this.#fruitless++
    const parts = takeApart(flat(event), this.#marks)
    if (!parts) return
    const before = this.#parts
    const varies = this.#varies
    const isAlike = before !== undefined && equal(before.between, parts.between)
    this.#parts = parts
    this.#varies = parts.kinds.map((kind, i) =>
      isAlike ? varies[i] === true || before.values[i] !== parts.values[i] : kind.endsWith('text'),
    )
    this.#compile(parts)
  }

  #compile({ values, kinds, between }: Parts): void {
    const texts: string[] = []
    let text = ''
    for (const [i, value] of values.entries()) {
      text += between[i] ?? ''
      if (this.#varies[i] === true) {
        texts.push(flat(text))
        text = ''
      } else text += value
    }
    texts.push(flat(text + (between.at(-1) ?? '')))
    this.#texts = texts
    this.#kinds = kinds.filter((_, i) => this.#varies[i])
  }
}

/** Undefined where it cannot be told what the values are: a string must be followed as in one line of JSON. */
function takeApart(event: string, marks: StreamMarks): Parts | undefined {
  const values: string[] = []
  const kinds: Kind[] = []
  const between: string[] = []
  const ofPart = partMark(event, marks)
  let start = 0
  const take = (from: number, end: number, kind: Kind): void => {
    between.push(event.slice(start, from))
    values.push(event.slice(from, end))
    kinds.push(kind)
    start = end
  }
  let at = 0
  while (at < event.length) {
    const code = event.charCodeAt(at)
    if (code === QUOTE) {
      const end = stringEnd(event, at + 1)
      if (end < 0) return undefined
      const next = behindSpaces(event, end + 1)
      if (!',}]:'.includes(event.charAt(next))) return undefined
      const before = event.slice(start, at + 1)
      // What an event is stands in its types: those never vary.
      if (event.charCodeAt(next) !== COLON && !/"type": *"$/.test(before))
        take(at + 1, end, kindOf(before, marks, ofPart))
      at = end + 1
    } else if (code === MINUS || (code >= DIGIT_0 && code <= DIGIT_9)) {
      const end = numberEnd(event, at)
      if (end > 0) take(at, end, 'number')
      at = end > 0 ? end : at + 1
    } else at++
  }
  between.push(event.slice(start))
  return { values, kinds, between }
}

/** `before`: what stands before the string, with its quote. */
function kindOf(before: string, { text, toolText }: StreamMarks, ofPart: string | undefined): Kind {
  const key = before.replace(/ *"$/, '')
  if (key.endsWith(text) || (ofPart !== undefined && key.endsWith(ofPart))) return 'text'
  return toolText !== '' && key.endsWith(toolText) ? 'tool text' : 'string'
}

function behindSpaces(text: string, from: number): number {
  let at = from
  while (text.charAt(at) === ' ') at++
  return at
}

function equal(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, i) => text === other[i])
}

/** In one piece, which is compared faster, and on its own: nothing else is kept in memory for it. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
