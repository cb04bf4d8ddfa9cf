// The part of JSONPath that `post_arg.` variables may use (routing.md §5): names, `*`, indexes, and `..` for any depth.
import { isJsonObject } from '@weir/contract'

export type BodyPath = readonly Step[]

type Step =
  | { readonly kind: 'name'; readonly name: string; readonly deep: boolean }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all'; readonly deep: boolean }

const token = /(\.\.?)(?:(\*)|([^.[\]*]+))|\[(?:(\*)|(\d+)|'([^']*)'|"([^"]*)")\]/y
/** Values that one step may find; callers choose how many there are. */
const foundMax = 4096
/** Values that one path may look at: `..` behind `..` looks at the same ones again and again. */
const looksMax = 1_000_000

/** Undefined for what is not of this part, such as slices and filters. */
export function parseBodyPath(path: string): BodyPath | undefined {
  const text = `.${path}`
  const steps: Step[] = []
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const match = token.exec(text)
    if (!match) return undefined
    const [, dots, star, plain, bracketStar, index, single, double] = match
    const deep = dots === '..'
    const name = plain ?? single ?? double
    if (name !== undefined) steps.push({ kind: 'name', name, deep })
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) })
    else if (star !== undefined || bracketStar !== undefined) steps.push({ kind: 'all', deep })
  }
  return steps
}

/** All that the path leads to, in the order of the text. */
export function findAll(root: unknown, path: BodyPath): readonly unknown[] {
  const search: Search = { found: [root], looksLeft: looksMax }
  for (const step of path) {
    const before = search.found
    search.found = []
    for (const value of before) take(value, step, search)
  }
  return search.found
}

interface Search {
  found: unknown[]
  looksLeft: number
}

function take(value: unknown, step: Step, search: Search): void {
  const into = search.found
  if (into.length >= foundMax || search.looksLeft-- <= 0) return
  if (step.kind === 'index') {
    if (Array.isArray(value) && step.index < value.length) into.push(value[step.index])
    return
  }
  if (step.kind === 'name') {
    const member = memberNamed(value, step.name)
    if (member !== undefined) into.push(member)
  }
  if (step.kind === 'name' && !step.deep) return
  for (const member of membersOf(value)) {
    if (step.kind === 'all' && into.length < foundMax) into.push(member)
    if (step.deep) take(member, step, search)
  }
}

/** What an object has of its own. */
export function memberNamed(value: unknown, name: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function membersOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}
