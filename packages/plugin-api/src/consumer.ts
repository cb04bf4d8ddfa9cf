// Who is calling.

/** A consumer as a plugin sees it: its identity and the label and group facts of its document. */
export interface Consumer {
  readonly username: string
  readonly groupId: string | undefined
  readonly labels: Readonly<Record<string, string>>
  /** The credential that identified it, if it was one and not the consumer's own plugin configuration. */
  readonly credentialId: string | undefined
}

/** An identity of one authentication plugin: the configuration on the consumer or credential that holds it. */
export interface ConsumerIdentity {
  readonly consumer: Consumer
  /** Validated by the plugin's consumerSchema, decrypted, defaults present. */
  readonly config: Readonly<Record<string, unknown>>
}

export interface ConsumerLookup {
  /** By the plugin's unique attribute (key-auth's `key`, ...). A hash look-up; the last loaded duplicate wins. */
  byAttribute(plugin: string, value: string): ConsumerIdentity | undefined
  byUsername(username: string): Consumer | undefined
}
