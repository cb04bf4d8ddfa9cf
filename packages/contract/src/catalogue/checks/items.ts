// Lists in configurations: absent ones are empty, and the first complaint counts.

export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The first complaint about any of the items. */
export function firstOf(
  items: readonly unknown[],
  check: (item: unknown, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const complaint = check(item, index)
    if (complaint !== undefined) return complaint
  }
  return undefined
}
