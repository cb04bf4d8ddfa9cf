// Vertex AI's `predict`: only spoken to the provider, with embeddings (contract/ai-plugins.md §7.3).
import { passthrough } from './passthrough.ts'
import type { ClientProtocol } from './protocol.ts'

export const vertexPredict: ClientProtocol = {
  ...passthrough,
  name: 'vertex-predict',
  isStream: () => false,
  terminator: '',
}
