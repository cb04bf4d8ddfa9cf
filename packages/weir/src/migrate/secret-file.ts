// Keys and passwords come from files: command lines are visible to everybody on the machine.
import { readFile } from 'node:fs/promises'

/** A file with one secret; a line feed at its end is the editor's. */
export async function readSecretFile(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).replace(/\r?\n$/, '')
}
