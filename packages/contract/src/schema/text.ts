// Text as schemas measure it.

/** The length that `minLength` and `maxLength` speak of: code points, not UTF-16 units. */
export function codePoints(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.codePointAt(i) ?? 0
    if (unit > 0xffff) i += 1
    count += 1
  }
  return count
}
