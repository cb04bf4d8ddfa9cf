// What upstreams are told of an authenticated caller (routing.md §6). What the client sent under these names is gone.
import type { ClientRequest, Consumer } from '@weir/plugin-api'

export function setConsumerHeaders(request: ClientRequest, consumer: Consumer): void {
  const { headers } = request
  headers['x-consumer-username'] = consumer.username
  headers['x-credential-identifier'] = consumer.credentialId
  headers['x-consumer-custom-id'] = consumer.labels['custom_id']
}
