// Runs one plugin against one made-up request, phase by phase, in the order of the real pipeline.
import type { Plugin, PluginInstance } from '../plugin.ts'
import { isByteStream, isReply, type GatewayResponse, type Reply } from '../response.ts'
import type { Stage } from '../stage.ts'
import { createTestContext, type TestContext, type TestContextOptions } from './context.ts'
import { deliver, type Delivered, toResponse } from './deliver.ts'
import { createTestHost, type TestHost } from './host.ts'

export interface RunOptions extends TestContextOptions {
  readonly host?: TestHost
  /** What stands behind the plugin when it neither answers nor proxies. Default: 200, `upstream`. */
  readonly upstream?: (ctx: TestContext) => GatewayResponse | Promise<GatewayResponse>
}

export interface RunResult extends Delivered {
  readonly ctx: TestContext
  /** The plugin's own answer from authenticate, rewrite or access. */
  readonly reply: Reply | undefined
}

/**
 * The plugin's instance for a configuration as a user writes it. Throws the complaint of the schema or of `check`,
 * in the words the Admin API would use.
 */
export function createInstance<Config>(
  plugin: Plugin<Config>,
  config: unknown,
  host: TestHost = createTestHost(),
): PluginInstance {
  const parsed = plugin.schema.parse(config)
  if (!parsed.ok) throw new Error(parsed.error)
  const complaint = plugin.check?.(parsed.value)
  if (complaint !== undefined) throw new Error(complaint)
  return plugin.create(parsed.value, host)
}

/** The complaint about a configuration, or undefined when it is fine. */
export function complaintAbout<Config>(plugin: Plugin<Config>, config: unknown): string | undefined {
  const parsed = plugin.schema.parse(config)
  return parsed.ok ? plugin.check?.(parsed.value) : parsed.error
}

/** One request through one plugin: create, all phases, the response to its last byte. */
export async function runPlugin<Config>(
  plugin: Plugin<Config>,
  config: unknown,
  options: RunOptions = {},
): Promise<RunResult> {
  const { host = createTestHost() } = options
  const instance = createInstance(plugin, config, host)
  try {
    return await runInstance(instance, { log: host.log, ...options })
  } finally {
    instance.dispose?.()
  }
}

/** As `runPlugin`, on an instance that lives on: for what a plugin keeps between requests. */
export async function runInstance(instance: PluginInstance, options: RunOptions = {}): Promise<RunResult> {
  const ctx = createTestContext(options)
  const reply = await firstReply(instance, ctx)
  const response = reply ? toResponse(reply) : await answer(instance, ctx, options.upstream ?? plainUpstream)
  instance.headerFilter?.(ctx, response)
  const delivered = await deliver(response, reply ? undefined : stageOf(instance, ctx, response))
  await Promise.resolve()
  instance.log?.(ctx, {
    status: delivered.status,
    source: delivered.source,
    requestBytes: ctx.request.body?.length ?? 0,
    responseBytes: delivered.chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    durationMs: performance.now() - ctx.startedAt,
    upstreamMs: undefined,
    outcome: delivered.ended === 'complete' ? (reply ? 'refused' : 'complete') : 'upstream_broken',
  })
  return { ...delivered, ctx, reply }
}

function stageOf(instance: PluginInstance, ctx: TestContext, response: GatewayResponse): Stage | undefined {
  if (response.answer || !isByteStream(response.body)) return undefined
  return instance.stage?.(ctx, response) ?? instance.tap?.(ctx, response)
}

async function firstReply(instance: PluginInstance, ctx: TestContext): Promise<Reply | undefined> {
  const identity = await instance.authenticate?.(ctx)
  if (identity && isReply(identity)) return identity
  if (identity) ctx.consumer = identity
  return (await instance.rewrite?.(ctx)) ?? (await instance.access?.(ctx))
}

async function answer(
  instance: PluginInstance,
  ctx: TestContext,
  upstream: NonNullable<RunOptions['upstream']>,
): Promise<GatewayResponse> {
  return instance.proxy ? instance.proxy(ctx) : upstream(ctx)
}

function plainUpstream(): GatewayResponse {
  return { status: 200, headers: ['Content-Type', 'text/plain'], source: 'upstream', body: 'upstream' }
}
