// What a proto holds: the text of a .proto file, or a compiled descriptor set (contract: admin-api.md §5.8).
import { createRequire } from 'node:module'
import { runInThread } from '@weir/config-store/thread'
import type { JsonObject } from '@weir/contract'
import type Protobuf from 'protobufjs'
import type Descriptor from 'protobufjs/ext/descriptor/index.js'
import type { Complaint } from './resource.ts'

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

/** Reading so many characters takes about 10 ms; a thread starts in 100. */
const LONG = 8_192

/** For documents that satisfy the schema. A long content is read by a thread of its own. */
export function checkProtoContent({ content }: JsonObject): Complaint | Promise<Complaint> {
  if (typeof content !== 'string') return undefined
  if (content.length <= LONG) return complaintAbout(content)
  return runInThread<Complaint>(new URL('./proto-thread.ts', import.meta.url), content)
}

export function complaintAbout(content: string): Complaint {
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
