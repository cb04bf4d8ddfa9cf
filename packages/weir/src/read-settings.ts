// Finds and reads the configuration file.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseSettings, type Role, type Settings } from '@weir/contract'
import type { Command } from './command-line.ts'

export interface ConfigFile {
  readonly path: string
  /** What relative paths of plugin modules start from. */
  readonly directory: string
}

/** @throws Error with a sentence when there is no such file. */
export function findConfigFile(given: string | undefined, profile: string | undefined): ConfigFile {
  const name = profile === undefined || profile === '' ? 'config.yaml' : `config-${profile}.yaml`
  const candidates = given === undefined ? [`conf/${name}`, name] : [given]
  const path = candidates.find((candidate) => existsSync(candidate))
  if (path === undefined) {
    throw new Error(
      `there is no configuration file ${candidates.join(' or ')}${given === undefined ? '; name one with -c' : ''}`,
    )
  }
  return { path, directory: dirname(resolve(path)) }
}

const roleOf: Readonly<Partial<Record<Command, Role>>> = {
  'control-plane': 'control_plane',
  'data-plane': 'data_plane',
}

/** Reads the file at the start and whenever it is asked to. */
export class SettingsReader {
  readonly directory: string
  readonly #path: string
  readonly #command: Command

  constructor(command: Command, { path, directory }: ConfigFile) {
    this.directory = directory
    this.#path = path
    this.#command = command
  }

  /** The settings, with the role that the command names in place of the file's. @throws Error with a sentence. */
  async read(): Promise<Settings> {
    return parseSettings(await readFile(this.#path, 'utf8'), process.env, roleOf[this.#command])
  }
}
