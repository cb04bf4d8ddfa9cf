// A reply together with what its request holds until it is over.
import type { Stay } from '../config/index.ts'
import { GatewayReply } from '../pipeline/index.ts'

/** What is told when a request is over, whether it was answered or the client left. */
export interface Over {
  over(reply: ServedReply): void
}

export class ServedReply extends GatewayReply {
  /** The configuration with which its request began. */
  stay: Stay | undefined = undefined
  #holder: Over | undefined = undefined

  /** Calls `holder.over` once, when the connection is done with this reply. No closure per request. */
  hold(holder: Over): void {
    this.#holder = holder
    this.followClose()
  }

  override afterClose(): void {
    super.afterClose()
    const holder = this.#holder
    this.#holder = undefined
    holder?.over(this)
  }
}
