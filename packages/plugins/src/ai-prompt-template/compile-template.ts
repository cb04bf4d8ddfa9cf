// Templates as APISIX has them: JSON in which `{{name}}` and `{*name*}` stand for members of the request.

/** JSON text, or the place of a value within a JSON string. */
type TemplatePart = string | TemplateVariable

export interface TemplateVariable {
  /** Of a member, and of members inside it. */
  readonly path: readonly [string, ...string[]]
  /** `{{name}}`: as text of HTML. */
  readonly isEscaped: boolean
}

export type CompiledTemplate = readonly TemplatePart[]

const variable = /\{\{\s*([a-z_]\w*(?:\.[a-z_]\w*)*)\s*\}\}|\{\*\s*([a-z_]\w*(?:\.[a-z_]\w*)*)\s*\*\}/gi
/** What else APISIX's template engine reads as its own: code, files, blocks, comments. */
const code = /\{\{.*?\}\}|\{\*.*?\*\}|\{%.*?%\}|\{\(.*?\)\}|\{\[.*?\]\}|\{#.*?#\}|\{-.*?-\}/

/** Why a template cannot be used; undefined when it can. */
export function templateComplaint(template: object): string | undefined {
  const [found] = code.exec(JSON.stringify(template).replaceAll(variable, '')) ?? []
  return found === undefined
    ? undefined
    : `${found} is not supported: only names of the request's members may stand there`
}

export function compileTemplate(template: object): CompiledTemplate {
  const json = JSON.stringify(template)
  const parts: TemplatePart[] = []
  let end = 0
  for (const match of json.matchAll(variable)) {
    const [text, escaped, plain = ''] = match
    const [first = '', ...rest] = (escaped ?? plain).split('.')
    parts.push(json.slice(end, match.index), { path: [first, ...rest], isEscaped: escaped !== undefined })
    end = match.index + text.length
  }
  parts.push(json.slice(end))
  return parts
}
