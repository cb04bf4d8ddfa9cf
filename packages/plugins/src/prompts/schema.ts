// Members that the prompt plugins have in common (contract/ai-plugins.md §12).

export const messageMember = {
  properties: {
    role: { type: 'string', enum: ['system', 'user', 'assistant'] },
    content: { type: 'string', minLength: 1 },
  },
  required: ['role', 'content'],
} as const

/** Bytes. */
export const maxBodyMember = { type: 'integer', minimum: 1, default: 67_108_864 } as const
