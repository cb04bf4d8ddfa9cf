// The plugins of this build that APISIX has, too, are shown as APISIX shows them: schemas, priority, secrets.
import { isJsonObject, knownPlugin, servedPlugin } from '@weir/contract'
import { expect, test } from 'vitest'
import { plugins } from './index.ts'

const shared = plugins.flatMap((plugin) => {
  const known = knownPlugin(plugin.name)
  return known === undefined ? [] : [{ name: plugin.name, plugin, known }]
})

/** As it goes over the wire, without prose. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (!isJsonObject(value)) return value
  const members = Object.entries(value).filter(
    ([name, member]) => member !== undefined && !(name === 'description' && typeof member === 'string'),
  )
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]))
}

// A plugin may have more members than APISIX's.
test.each(shared)("$name has APISIX's schemas", ({ plugin, known }) => {
  expect(plain(servedPlugin(plugin))).toMatchObject(plain(servedPlugin(known)) as object)
  expect(plugin.uniqueAttribute).toBe(known.uniqueAttribute)
})
