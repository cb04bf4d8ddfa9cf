// How `weir check` and `weir migrate` end (docs/migration.md).

export const exitStatus = {
  /** Everything runs. */
  fine: 0,
  /** Something does not, or a file cannot be used. */
  problems: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** A store or an Admin API cannot be reached, or refuses its service. */
  unreachable: 3,
} as const

/** Ends a command with status 3. The message is a sentence that says who cannot be reached. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}
