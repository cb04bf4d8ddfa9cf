// What `weir check` needs, without the rest of the data plane.
export { checkDocuments, type CheckReport, type Finding } from './check-documents.ts'
export { PluginCatalog } from './plugin-catalog.ts'
