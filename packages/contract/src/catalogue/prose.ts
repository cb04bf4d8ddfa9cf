// What schemas say to people: kept beside the schemas, added when they are shown.
import { createRequire } from 'node:module'
import { isJsonObject, type JsonObject } from '../schema/index.ts'

type Prose = Readonly<Record<string, string>>

/** A sentence for each member of a resource, by resource and member; read when it is first asked for. */
export function readResourceProse(): Readonly<Record<string, Prose>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own data
  return createRequire(import.meta.url)('./resource-prose.json') as Record<string, Prose>
}

/** The sentences that a schema has for its members. */
export function proseOf(schema: object | undefined): Prose {
  const told = Object.entries(membersOf(schema ?? {})).flatMap(([name, member]): [string, string][] => {
    const description = isJsonObject(member) ? member['description'] : undefined
    return typeof description === 'string' ? [[name, description]] : []
  })
  return Object.fromEntries(told)
}

export function withProse(schema: object, prose: Prose): object {
  const properties = Object.entries(membersOf(schema)).map(([name, member]) => {
    const description = Object.hasOwn(prose, name) ? prose[name] : undefined
    return [name, isJsonObject(member) && description !== undefined ? { description, ...member } : member]
  })
  return properties.length === 0 ? schema : { ...schema, properties: Object.fromEntries(properties) }
}

export function membersOf(schema: object): JsonObject {
  return 'properties' in schema && isJsonObject(schema.properties) ? schema.properties : {}
}
