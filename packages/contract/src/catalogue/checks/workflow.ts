// workflow: conditions and actions; an action is `return` or another plugin (contract/common-plugins.md §3.3).
import { compileSchema, isJsonObject } from '../../schema/index.ts'
import type { ConfigCheck, FindPlugin } from './check.ts'
import { namedComplaint } from './expressions.ts'
import { firstOf, itemsOf } from './items.ts'

const returnSchema = compileSchema({
  type: 'object',
  properties: { code: { type: 'integer', minimum: 100, maximum: 599 } },
  required: ['code'],
})

const limiters: ReadonlySet<unknown> = new Set(['limit-count', 'limit-conn'])

export const checkWorkflow: ConfigCheck = ({ rules }, find) =>
  firstOf(itemsOf(rules), (rule) => {
    if (!isJsonObject(rule)) return undefined
    return (
      namedComplaint('case', rule['case']) ??
      firstOf(itemsOf(rule['actions']), (action) => checkAction(itemsOf(action), find))
    )
  })

function checkAction([name, config]: readonly unknown[], find: FindPlugin): string | undefined {
  if (name !== 'return' && !limiters.has(name)) return `unsupported action: ${String(name)}`
  const complaint = name === 'return' ? returnSchema.check(config) : checkLimiter(String(name), config, find)
  return complaint === undefined ? undefined : `failed to validate the '${String(name)}' action: ${complaint}`
}

/** A group counts for routes, and here is a rule of one. */
function checkLimiter(name: string, config: unknown, find: FindPlugin): string | undefined {
  const grouped = isJsonObject(config) && config['group'] !== undefined
  return grouped ? 'group is not supported' : find(name)?.check(config)
}
