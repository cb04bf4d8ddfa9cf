// The characters of a JSON string that holds a text, written as the text arrives.
import { StringDecoder } from 'node:string_decoder'
import type { PieceReader } from '@weir/plugin-api'

export class JsonTextWriter implements PieceReader {
  readonly #decoder = new StringDecoder('utf8')
  readonly #written: Buffer[] = []

  /** UTF-8, cut anywhere. */
  push(piece: Buffer): void {
    this.#add(this.#decoder.write(piece))
  }

  /** There is no more. */
  end(): readonly Buffer[] {
    this.#add(this.#decoder.end())
    return this.#written
  }

  #add(text: string): void {
    if (text !== '') this.#written.push(Buffer.from(JSON.stringify(text).slice(1, -1)))
  }
}
