// Host patterns, client addresses and timeouts (contract/admin-api.md §5).

/** A host name, an address, or a pattern that begins with `*`. */
export const hostSchema = { type: 'string', pattern: '^\\*$|^\\*?[0-9a-zA-Z-._\\[\\]:]+$' } as const

/** At least one host pattern, none twice. */
export const hostsSchema = { type: 'array', items: hostSchema, minItems: 1, uniqueItems: true } as const

const octet = '([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])'

/** An IPv4 or IPv6 address, or a network in CIDR notation. */
export const addressSchema = {
  type: 'string',
  anyOf: [
    { title: 'IPv4', type: 'string', format: 'ipv4' },
    {
      title: 'IPv4/CIDR',
      type: 'string',
      pattern: `^${octet}\\.${octet}\\.${octet}\\.${octet}/([12]?[0-9]|3[0-2])$`,
    },
    { title: 'IPv6', type: 'string', format: 'ipv6' },
    {
      title: 'IPv6/CIDR',
      type: 'string',
      pattern: '^([a-fA-F0-9]{0,4}:){1,8}(:[a-fA-F0-9]{0,4}){0,8}([a-fA-F0-9]{0,4})?/[0-9]{1,3}$',
    },
  ],
} as const

/** Seconds for connecting, for one send and for one read; all three together or none. */
export const timeoutSchema = {
  type: 'object',
  properties: {
    connect: { type: 'number', exclusiveMinimum: 0 },
    send: { type: 'number', exclusiveMinimum: 0 },
    read: { type: 'number', exclusiveMinimum: 0 },
  },
  required: ['connect', 'send', 'read'],
} as const

export const httpMethods = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'PURGE',
] as const
