// The JSONPaths that variables of the family `post_arg.` may name (contract/routing.md §5).

const subscript = String.raw`(?:\*|-?\d+|-?\d*:-?\d*(?::-?\d*)?|'[^']*'|"[^"]*"|\?\(.+\)|\(.+\))`
const member = String.raw`(?:\*|[^\s.*[\]()'"]+)`
const jsonPath = new RegExp(
  String.raw`^(?:\.\.)?(?:${member}|\[SUBS\])(?:\.{1,2}${member}|(?:\.\.)?\[SUBS\])*$`.replaceAll(
    'SUBS',
    () => String.raw`\s*${subscript}(?:\s*,\s*${subscript})*\s*`,
  ),
)

/** Whether the text is the form of a JSONPath, without the `$.` that stands before it. */
export function isJsonPath(text: string): boolean {
  return jsonPath.test(text)
}
