// YAML of any length: 100 routes take some 30 ms, in which nothing else would be served.
import { readYaml, type ReadYaml, withoutNulls } from '@weir/contract'
import { runInThread } from '../thread/run-in-thread.ts'

/** Parsing so many characters takes about 5 ms; a thread starts in 100. */
const LONG = 4_096

/** What a configuration in YAML says, without nulls; a long text is parsed by a thread of its own. */
export async function readAnyYaml(text: string): Promise<ReadYaml> {
  if (text.length <= LONG) {
    const read = readYaml(text)
    return read.ok ? { ok: true, value: withoutNulls(read.value) } : read
  }
  const answer = await runInThread<YamlAnswer>(new URL('./yaml-thread.ts', import.meta.url), text)
  return answer.ok ? { ok: true, value: JSON.parse(answer.json) } : answer
}

/** The value as JSON, which travels at less cost than what it stands for. */
export type YamlAnswer =
  | Extract<ReadYaml, { readonly ok: false }>
  | { readonly ok: true; readonly json: string }
