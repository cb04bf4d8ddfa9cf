// What `weir check` and `weir migrate` need, without the rest of the data plane.
export { checkEntry, type CheckedDocument, type DocumentCheck } from './check-documents.ts'
export { PluginCatalog } from './plugin-catalog.ts'
export { parsePluginList } from './plugin-list.ts'
