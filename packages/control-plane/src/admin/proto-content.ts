// What a proto holds: the text of a .proto file, or a compiled descriptor set (contract: admin-api.md §5.8).
import { createRequire } from 'node:module'
import type { JsonObject } from '@weir/contract'
import type Protobuf from 'protobufjs'
import type Descriptor from 'protobufjs/ext/descriptor/index.js'

const COMPLAINT_CHARS_MAX = 200

const require = createRequire(import.meta.url)

/** Loaded with the first proto that is written: most gateways have none. */
function load() {
  // What is required has no type of its own.
  /* oxlint-disable typescript/no-unsafe-type-assertion */
  return {
    protobuf: require('protobufjs') as typeof Protobuf,
    descriptor: require('protobufjs/ext/descriptor/index.js') as typeof Descriptor,
  }
  /* oxlint-enable typescript/no-unsafe-type-assertion */
}

/** For documents that satisfy the schema. */
export function checkProtoContent({ content }: JsonObject): string | undefined {
  if (typeof content !== 'string') return undefined
  const complaint = checkText(content)
  return complaint === undefined || isDescriptorSet(content) ? undefined : `invalid content: ${complaint}`
}

function checkText(content: string): string | undefined {
  const { protobuf } = load()
  try {
    const { root, imports, weakImports } = protobuf.parse(content, new protobuf.Root())
    // Types from other files are not known here.
    if (imports === undefined && weakImports === undefined) root.resolveAll()
    return undefined
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    // It quotes what it could not read, which may be all of it.
    return why.length > COMPLAINT_CHARS_MAX ? `${why.slice(0, COMPLAINT_CHARS_MAX)}...` : why
  }
}

/** In base64, as `protoc --descriptor_set_out` makes it. */
function isDescriptorSet(content: string): boolean {
  if (!/^[\w+/\s]+={0,2}\s*$/.test(content)) return false
  try {
    const { FileDescriptorSet } = load().descriptor
    const { file } = FileDescriptorSet.toObject(FileDescriptorSet.decode(Buffer.from(content, 'base64')))
    return Array.isArray(file) && file.length > 0
  } catch {
    return false
  }
}
