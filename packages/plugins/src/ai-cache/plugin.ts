// Answers that were given before are given again, from Redis: to the same request, and if wanted to one that means the
// same (contract/ai-plugins.md §13). Whatever goes wrong with the cache is a miss.
import { isReference } from '@weir/contract'
import { parseEndpoint } from '@weir/llm'
import { definePlugin } from '@weir/plugin-api'
import type { Cache } from './cache.ts'
import { type Config, schema } from './schema.ts'

export const aiCache = definePlugin<Config>({
  name: 'ai-cache',
  priority: 1035,
  schema,
  encryptFields: [
    'redis_password',
    'semantic.embedding.openai.api_key',
    'semantic.embedding.azure_openai.api_key',
  ],
  check({ semantic }) {
    const { openai, azure_openai } = semantic?.embedding ?? {}
    if (!isEndpoint(openai?.endpoint)) return 'invalid semantic.embedding.openai.endpoint'
    return isEndpoint(azure_openai?.endpoint) ? undefined : 'invalid semantic.embedding.azure_openai.endpoint'
  },
  create(config, host) {
    let cache: Cache | undefined

    /** Most gateways have no cache, so its code is loaded with the first request to one. */
    async function load(): Promise<Cache> {
      const { createCache } = await import('./cache.ts')
      return (cache ??= createCache(config, host))
    }

    return {
      access: (ctx) => (cache ? cache.access(ctx) : load().then((loaded) => loaded.access(ctx))),
      headerFilter: (ctx, response) => cache?.headerFilter(ctx, response),
      tap: (ctx, response) => cache?.tap(ctx, response),
      log: (ctx, summary) => cache?.log(ctx, summary),
    }
  },
})

/** Also what is not there, and what a secret will say. */
function isEndpoint(text: string | undefined): boolean {
  return text === undefined || isReference(text) || parseEndpoint(text) !== undefined
}
