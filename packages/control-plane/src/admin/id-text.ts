// Ids are texts or numbers, and are compared as texts (contract: admin-api.md §4.1).

/** What stands in keys and messages. Of values that are no ids, a text that no id equals. */
export function idText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
