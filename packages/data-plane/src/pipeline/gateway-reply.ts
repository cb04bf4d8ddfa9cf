// node:http's response, which tells its request's context when the client leaves too early.
import { ServerResponse } from 'node:http'
import type { Context } from './context.ts'

/** Given to the server as its `ServerResponse`, so that noticing the client's leaving costs no closure per request. */
export class GatewayReply extends ServerResponse {
  ctx: Context | undefined = undefined
  #isFollowed = false

  watch(ctx: Context): void {
    this.ctx = ctx
    this.followClose()
  }

  /** One listener, however many want to know. */
  protected followClose(): void {
    if (this.#isFollowed) return
    this.#isFollowed = true
    this.on('close', onClose)
  }

  /** The connection is done with this reply. */
  afterClose(): void {
    if (!this.writableFinished) this.ctx?.leave()
  }
}

function onClose(this: GatewayReply): void {
  this.afterClose()
}
