// The first admin key: there is no default one, so the first start makes it and keeps it in a file.
import { randomInt } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const KEY_LENGTH = 32

/** The key in the file at `path`, made at the first call. Only its owner can read the file. */
export async function firstKey(path: string): Promise<string> {
  const known = await readKey(path)
  if (known !== undefined) return known
  const key = Array.from({ length: KEY_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('')
  await mkdir(dirname(path), { recursive: true })
  try {
    await writeFile(path, `${key}\n`, { mode: 0o600, flag: 'wx' })
    return key
  } catch (error) {
    // Another process was first; both must know the same key.
    const other = isCode(error, 'EEXIST') ? await readKey(path) : undefined
    if (other !== undefined) return other
    throw new Error(`cannot write the first admin key to ${path}`, { cause: error })
  }
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    const key = (await readFile(path, 'utf8')).trim()
    return key === '' ? undefined : key
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw new Error(`cannot read the admin key file ${path}`, { cause: error })
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
