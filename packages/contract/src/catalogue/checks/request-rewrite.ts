// ai-request-rewrite: who has no address of its own needs one (contract/ai-plugins.md §12.4).
import { isJsonObject } from '../../schema/index.ts'
import type { ConfigCheck } from './check.ts'

export const checkRequestRewrite: ConfigCheck = ({ provider, override }) => {
  if (provider !== 'openai-compatible') return undefined
  if (isJsonObject(override) && override['endpoint'] !== undefined) return undefined
  return 'override.endpoint is required for openai-compatible provider'
}
