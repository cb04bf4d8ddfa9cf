// node:http's response, which tells its request's context when the client leaves too early.
import { ServerResponse } from 'node:http'
import type { Context } from './context.ts'

/** Given to the server as its `ServerResponse`, so that noticing the client's leaving costs no closure per request. */
export class GatewayReply extends ServerResponse {
  ctx: Context | undefined

  watch(ctx: Context): void {
    this.ctx = ctx
    this.on('close', onClose)
  }
}

function onClose(this: GatewayReply): void {
  if (!this.writableFinished) this.ctx?.leave()
}
