// A radix tree from texts to values: finds every stored text that begins a given one, in the time it takes to
// read it, however many are stored.

export interface Place<V> {
  readonly value: V | undefined
  readonly parent: Place<V> | undefined
}

interface Node<V> extends Place<V> {
  /** The characters between the parent and this node. */
  label: string
  value: V | undefined
  parent: Node<V> | undefined
  children: Map<number, Node<V>> | undefined
}

export class PrefixTree<V> {
  readonly #root: Node<V> = { label: '', value: undefined, parent: undefined, children: undefined }

  /** The value at exactly this text. */
  get(text: string): V | undefined {
    const { node, length } = this.#descend(text)
    return length === text.length ? node.value : undefined
  }

  set(text: string, value: V): void {
    let { node, length } = this.#descend(text)
    if (length < text.length) {
      const rest = text.slice(length)
      const rival = node.children?.get(rest.charCodeAt(0))
      if (rival) {
        node = split(rival, sharedLength(rival.label, rest))
        length += node.label.length
      }
      if (length < text.length) node = append(node, text.slice(length))
    }
    node.value = value
  }

  delete(text: string): void {
    const { node, length } = this.#descend(text)
    if (length < text.length) return
    node.value = undefined
    prune(node)
  }

  /**
   * The place where `text` leaves the tree. From there upwards, by `parent`, stand the stored texts that begin
   * `text`, the longest first, wherever there is a value.
   */
  descend(text: string): Place<V> {
    return this.#descend(text).node
  }

  /** The last node whose whole text begins `text`, and the length of that text. */
  #descend(text: string): { node: Node<V>; length: number } {
    let node = this.#root
    let length = 0
    while (length < text.length) {
      const child = node.children?.get(text.charCodeAt(length))
      if (child === undefined || !text.startsWith(child.label, length)) break
      node = child
      length += child.label.length
    }
    return { node, length }
  }
}

function append<V>(parent: Node<V>, label: string): Node<V> {
  const node: Node<V> = { label, value: undefined, parent, children: undefined }
  parent.children ??= new Map()
  parent.children.set(label.charCodeAt(0), node)
  return node
}

/** Cuts a node's label after `length` characters and returns the new upper part. */
function split<V>(node: Node<V>, length: number): Node<V> {
  const upper: Node<V> = {
    label: node.label.slice(0, length),
    value: undefined,
    parent: node.parent,
    children: new Map([[node.label.charCodeAt(length), node]]),
  }
  node.parent?.children?.set(node.label.charCodeAt(0), upper)
  node.label = node.label.slice(length)
  node.parent = upper
  return upper
}

/** Takes out nodes that neither hold a value nor part ways. */
function prune<V>(node: Node<V>): void {
  const { parent, children } = node
  if (parent === undefined || node.value !== undefined) return
  if (children === undefined || children.size === 0) {
    parent.children?.delete(node.label.charCodeAt(0))
    prune(parent)
    return
  }
  if (children.size > 1) return
  for (const child of children.values()) {
    child.label = node.label + child.label
    child.parent = parent
    parent.children?.set(child.label.charCodeAt(0), child)
  }
}

function sharedLength(one: string, other: string): number {
  let length = 0
  while (length < one.length && one.charCodeAt(length) === other.charCodeAt(length)) length += 1
  return length
}
