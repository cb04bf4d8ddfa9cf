// multi-auth holds the configurations of other plugins (contract/common-plugins.md §1.5).
import { isJsonObject } from '../../schema/index.ts'
import type { ConfigCheck } from './check.ts'
import { firstOf, itemsOf } from './items.ts'

export const checkMultiAuth: ConfigCheck = ({ auth_plugins: ways }, find) =>
  firstOf(itemsOf(ways), (way) =>
    firstOf(Object.entries(isJsonObject(way) ? way : {}), (entry) => {
      const [name, config] = itemsOf(entry)
      const plugin = find(String(name))
      if (plugin === undefined) return `${String(name)} plugin did not found`
      if (plugin.type !== 'auth') return `${String(name)} plugin is not supported`
      const complaint = plugin.check(config)
      return complaint === undefined ? undefined : `plugin ${String(name)} check schema failed: ${complaint}`
    }),
  )
