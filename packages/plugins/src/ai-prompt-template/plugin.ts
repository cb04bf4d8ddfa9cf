// Makes a prompt of a configured template and the members of the request (contract/ai-plugins.md §12.1).
import { definePlugin, isReply, replaceJsonBody, type Reply } from '@weir/plugin-api'
import { asksForModels } from '../prompts/model-list.ts'
import { readObjectBody } from '../prompts/object-body.ts'
import { compileTemplate, type CompiledTemplate, templateComplaint } from './compile-template.ts'
import { renderTemplate } from './render-template.ts'
import { type Config, schema } from './schema.ts'

const noName = refusal('template name is missing in request.')

export const aiPromptTemplate = definePlugin<Config>({
  name: 'ai-prompt-template',
  priority: 1071,
  schema,
  check({ templates }) {
    for (const { name, template } of templates) {
      const complaint = templateComplaint(template)
      if (complaint !== undefined) return `template ${name}: ${complaint}`
    }
    return undefined
  },
  create({ templates, max_req_body_size: maxBytes }) {
    const compiled = new Map<string, CompiledTemplate>()
    for (const { name, template } of templates) {
      // The first of a name counts.
      if (!compiled.has(name)) compiled.set(name, compileTemplate(template))
    }
    return {
      async rewrite(ctx) {
        if (asksForModels(ctx.request)) return undefined
        const body = await readObjectBody(ctx, maxBytes)
        if (isReply(body)) return body
        const { template_name: name } = body.value
        if (typeof name !== 'string' && typeof name !== 'number') return noName
        const template = compiled.get(String(name))
        if (!template) return refusal(`template: ${name} not configured.`)
        const rendered = await renderTemplate(template, body)
        replaceJsonBody(ctx, rendered)
        return undefined
      },
    }
  },
})

function refusal(message: string): Reply {
  return { status: 400, body: { message } }
}
