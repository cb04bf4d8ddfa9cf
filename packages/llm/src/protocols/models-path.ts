// OpenAI's list of models, and one of them: questions that need no model.
const models = '/v1/models'

/**
 * The model that a GET of this path asks about, '' for all of them, undefined for no such question. Identifiers may
 * have slashes, as those of OpenRouter do.
 */
export function modelAsked(path: string): string | undefined {
  if (path.endsWith(models)) return ''
  const start = path.indexOf(`${models}/`)
  return start < 0 ? undefined : path.slice(start + models.length + 1)
}
