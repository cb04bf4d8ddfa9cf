export { withoutNulls } from './nulls.ts'
export { readYaml, type ReadYaml, writeYaml } from './yaml.ts'
export {
  documentsOf,
  documentsOfKind,
  pluginListOf,
  type StandaloneDocument,
  type StandaloneKind,
  standaloneKinds,
} from './documents.ts'
export { type FileFormat, readConfiguration, type ReadConfiguration } from './file.ts'
