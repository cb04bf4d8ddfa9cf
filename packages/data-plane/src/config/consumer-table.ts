// Consumers, credentials and groups in force, and who belongs to whom.
import type { ConsumerLookup, Reply } from '@weir/plugin-api'
import { type ConsumerDocument, ConsumerIndex, KnownConsumer } from './consumers.ts'
import { emptyLayer, overlay, problemOf } from './layer.ts'
import type { LoadedDocument } from './loaded-document.ts'

export class ConsumerTable {
  readonly #index = new ConsumerIndex()
  readonly #consumers = new Map<string, LoadedDocument<'consumers'>>()
  /** By username. */
  readonly #credentials = new Map<string, Map<string, LoadedDocument<'credentials'>>>()
  readonly #groups = new Map<string, LoadedDocument<'consumer_groups'>>()
  /** Usernames by the id of the group that they name, whether it exists or not. */
  readonly #members = new Map<string, Set<string>>()
  /** What stands in the index for a username. */
  readonly #indexed = new Map<string, readonly ConsumerDocument[]>()

  get lookup(): ConsumerLookup {
    return this.#index
  }

  setConsumer(document: LoadedDocument<'consumers'>): void {
    this.#leaveGroup(document.id)
    this.#consumers.set(document.id, document)
    const group = groupOf(document)
    if (group !== undefined) {
      const members = this.#members.get(group) ?? new Set()
      this.#members.set(group, members.add(document.id))
    }
    this.#reindex(document.id)
  }

  deleteConsumer(username: string): void {
    this.#leaveGroup(username)
    this.#consumers.delete(username)
    this.#reindex(username)
  }

  setCredential(document: LoadedDocument<'credentials'>): void {
    const username = ownerOf(document.id)
    const credentials = this.#credentials.get(username) ?? new Map()
    this.#credentials.set(username, credentials.set(document.id, document))
    this.#reindex(username)
  }

  deleteCredential(id: string): void {
    const username = ownerOf(id)
    const credentials = this.#credentials.get(username)
    credentials?.delete(id)
    if (credentials?.size === 0) this.#credentials.delete(username)
    this.#reindex(username)
  }

  setGroup(document: LoadedDocument<'consumer_groups'>): void {
    this.#groups.set(document.id, document)
    this.#reindexMembers(document.id)
  }

  deleteGroup(id: string): void {
    this.#groups.delete(id)
    this.#reindexMembers(id)
  }

  #leaveGroup(username: string): void {
    const document = this.#consumers.get(username)
    const group = document && groupOf(document)
    if (group === undefined) return
    const members = this.#members.get(group)
    members?.delete(username)
    if (members?.size === 0) this.#members.delete(group)
  }

  #reindexMembers(groupId: string): void {
    for (const username of this.#members.get(groupId) ?? []) this.#reindex(username)
  }

  /** A credential without its consumer matches nobody (recorded/modes.md). */
  #reindex(username: string): void {
    for (const document of this.#indexed.get(username) ?? []) this.#index.remove(document)
    this.#indexed.delete(username)
    const consumer = this.#consumers.get(username)
    if (!consumer) return
    const documents = [
      this.#identities(consumer, consumer),
      ...[...(this.#credentials.get(username)?.values() ?? [])].map((one) => this.#identities(consumer, one)),
    ]
    for (const document of documents) this.#index.add(document)
    this.#indexed.set(username, documents)
  }

  #identities(
    consumer: LoadedDocument<'consumers'>,
    holder: LoadedDocument<'consumers'> | LoadedDocument<'credentials'>,
  ): ConsumerDocument {
    const groupId = groupOf(consumer)
    const group = groupId === undefined ? undefined : this.#groups.get(groupId)
    const layers = [group?.layer ?? emptyLayer, consumer.layer]
    if (holder.kind === 'credentials' && holder.layer.size > 0) layers.push(holder.layer)
    const layer = overlay(layers)
    return {
      key: holder.resourceKey,
      created: holder.entry.createRevision,
      settings: holder.identities,
      consumer: new KnownConsumer({
        username: consumer.id,
        groupId,
        labels: consumer.value.labels ?? {},
        credentialId:
          holder.kind === 'credentials' ? holder.id.slice(holder.id.lastIndexOf('/') + 1) : undefined,
        layer,
        problem: groupId !== undefined && !group ? missingGroup(groupId) : problemOf(layer),
      }),
    }
  }
}

function groupOf({ value }: LoadedDocument<'consumers'>): string | undefined {
  return value.group_id === undefined ? undefined : String(value.group_id)
}

function ownerOf(credentialId: string): string {
  return credentialId.slice(0, credentialId.indexOf('/'))
}

function missingGroup(id: string): Reply {
  return { status: 503, body: { error_msg: `consumer group ${id} not found` } }
}
