// From the text of apisix.yaml or apisix.json to the documents in it.
import {
  documentsOf,
  type Environment,
  type FileFormat,
  pluginListOf,
  readConfiguration,
  type ReadConfiguration,
  type StandaloneDocument,
} from '@weir/contract'
import { runInThread } from '../thread/run-in-thread.ts'

export interface FileText {
  readonly text: string
  readonly format: FileFormat
  /** Stands for `${{VAR}}`. */
  readonly env: Environment
}

export type ReadDocuments =
  | {
      readonly ok: true
      /** The list of plugins, if the file has one. */
      readonly plugins: StandaloneDocument | undefined
      readonly documents: readonly StandaloneDocument[]
    }
  | Extract<ReadConfiguration, { readonly ok: false }>

/** Characters that take about 5 ms; a thread starts in 100. */
const LONG: Readonly<Record<FileFormat, number>> = { yaml: 4_096, json: 131_072 }

/** A long text is parsed by a thread of its own. */
export async function readAnyDocuments({ text, format, env }: FileText): Promise<ReadDocuments> {
  if (text.length <= LONG[format]) return readDocuments({ text, format, env })
  // A copy: the process's own environment is no plain object.
  const task = { text, format, env: { ...env } }
  return runInThread<ReadDocuments>(new URL('./documents-thread.ts', import.meta.url), task)
}

export function readDocuments({ text, format, env }: FileText): ReadDocuments {
  const read = readConfiguration(text, format, env)
  if (!read.ok) return read
  // In a file an edit counts, whatever its `modifiedIndex` (contract: etcd.md §5.1).
  const documents = documentsOf(read.value).map((document) => ({ ...document, version: undefined }))
  return { ok: true, plugins: pluginListOf(read.value), documents }
}
