// `$secret://<manager>/<id>/<name>/<key>`: which member of which secret is meant (contract/etcd.md §6).

export interface SecretReference {
  /** The id of the document that says where to ask: `vault/1`. */
  readonly manager: string
  /** The secret's name there; may have slashes. */
  readonly name: string
  /** The member of it; `WHOLE` for its text. */
  readonly key: string
}

/** Stands among the members of a secret for its whole text, which need not be JSON. */
export const WHOLE = ''

const form = /^\$secret:\/\/(([^/]+)\/[^/]+)\/([^/](?:.*[^/])?)$/i

/** Whether a text is meant to be one, well-formed or not. */
export function isSecretReference(text: string): boolean {
  return text.startsWith('$') && /^\$secret:\/\//i.test(text)
}

/**
 * What a reference may stand for, in the order in which it is looked for. None when a part is missing, or the name would
 * lead to another place (`..`).
 */
export function parseSecretReference(text: string): readonly SecretReference[] {
  const [, manager, kind, path] = form.exec(text) ?? []
  if (manager === undefined || path === undefined) return []
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return []
  // Names have no slashes at Google's, keys may.
  if (kind === 'gcp') return [splitAt(path.indexOf('/'), manager, path)]
  const inside = path.includes('/') ? [splitAt(path.lastIndexOf('/'), manager, path)] : []
  // Names may have slashes at Amazon's, so that all of it may be one.
  return kind === 'aws' ? [...inside, { manager, name: path, key: WHOLE }] : inside
}

function splitAt(slash: number, manager: string, path: string): SecretReference {
  if (slash < 0) return { manager, name: path, key: WHOLE }
  return { manager, name: path.slice(0, slash), key: path.slice(slash + 1) }
}
