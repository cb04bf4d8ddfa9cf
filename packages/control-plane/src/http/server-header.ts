// What the Admin API calls itself: clients such as ADC read APISIX's version there.
import type { Settings } from '@weir/contract'

/** The version of APISIX whose Admin API this is. */
const APISIX = 'APISIX/3.18.0'

/** @param product name and version: `Weir/0.1.0`. */
export function serverHeaderOf({ apisix }: Settings, product: string): string {
  return apisix.enable_server_tokens ? `${APISIX} ${product}` : 'APISIX'
}
