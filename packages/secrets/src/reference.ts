// `$secret://<manager>/<id>/<name>/<key>`: which member of which secret is meant (contract/etcd.md §6).

export interface SecretReference {
  /** The id of the document that says where to ask: `vault/1`. */
  readonly manager: string
  /** The secret's name there; may have slashes. */
  readonly name: string
  /** The member of it. */
  readonly key: string
}

const form = /^\$secret:\/\/([^/]+\/[^/]+)\/(.+)\/([^/]+)$/i

/** Whether a text is meant to be one, well-formed or not. */
export function isSecretReference(text: string): boolean {
  return text.startsWith('$') && /^\$secret:\/\//i.test(text)
}

/** undefined when a part is missing, or the name would lead to another place (`..`). */
export function parseSecretReference(text: string): SecretReference | undefined {
  const [, manager, name, key] = form.exec(text) ?? []
  if (manager === undefined || name === undefined || key === undefined) return undefined
  const leadsAway = name.split('/').some((segment) => segment === '.' || segment === '..')
  return leadsAway ? undefined : { manager, name, key }
}
