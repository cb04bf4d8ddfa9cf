// What the schema cannot say, in APISIX's words (contract/ai-plugins.md §5).
import { checkUpstream } from '@weir/contract'
import { instanceComplaint } from '../llm-instances/instance-complaint.ts'
import type { Config } from './schema.ts'

const endpointShape = /^https?:\/\/[^:/]+/

export function check(config: Config): string | undefined {
  return (
    duplicateName(config) ??
    firstOf(config.instances, ({ override }) =>
      override?.endpoint === undefined || endpointShape.test(override.endpoint)
        ? undefined
        : 'invalid endpoint',
    ) ??
    hashComplaint(config) ??
    semanticComplaint(config) ??
    firstOf(config.instances, (instance) => {
      const complaint = instanceComplaint(instance)
      return complaint === undefined ? undefined : `instance '${instance.name}': ${complaint}`
    })
  )
}

function firstOf<T>(items: readonly T[], complain: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const complaint = complain(item)
    if (complaint !== undefined) return complaint
  }
  return undefined
}

function duplicateName({ instances }: Config): string | undefined {
  const places = new Map<string, number>()
  for (const [i, { name }] of instances.entries()) {
    const first = places.get(name)
    if (first !== undefined) {
      return `duplicate instance name '${name}' at instances[${first + 1}] and instances[${i + 1}]`
    }
    places.set(name, i)
  }
  return undefined
}

function hashComplaint({ balancer }: Config): string | undefined {
  if (balancer.algorithm !== 'chash') return undefined
  const { hash_on, key } = balancer
  if (hash_on === undefined) return 'must configure `hash_on` when balancer algorithm is chash'
  if (hash_on === 'consumer') return undefined
  if (key === undefined) return 'must configure `hash_key` when balancer `hash_on` is not set to cookie'
  return checkUpstream({ type: 'chash', hash_on, key })
}

function semanticComplaint({ balancer, semantic_opts: options, instances }: Config): string | undefined {
  if (balancer.algorithm !== 'semantic') return undefined
  if (!options) return 'must configure `semantic_opts.embeddings` when balancer algorithm is semantic'
  const { endpoint, provider } = options.embeddings
  if (endpoint !== undefined && !endpointShape.test(endpoint)) {
    return 'invalid `semantic_opts.embeddings.endpoint`'
  }
  if (provider === 'azure-openai') {
    if (endpoint === undefined) {
      return 'must configure `semantic_opts.embeddings.endpoint` when embeddings provider is azure-openai'
    }
    if (!/^https?:\/\/[^/]+\/[^?]/.test(endpoint)) {
      return '`semantic_opts.embeddings.endpoint` for azure-openai must include the full deployment path'
    }
  }
  const withoutExamples = instances.find(({ examples = [] }) => examples.length === 0)
  if (withoutExamples) {
    return `instance '${withoutExamples.name}': must configure non-empty \`examples\` for the semantic algorithm`
  }
  const { fallback } = options
  if (fallback !== undefined && !instances.some(({ name }) => name === fallback)) {
    return `\`semantic_opts.fallback\` names unknown instance '${fallback}'`
  }
  return undefined
}
