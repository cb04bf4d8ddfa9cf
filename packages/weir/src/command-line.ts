// What `weir` is told to do.
import { parseArgs } from 'node:util'

/** `migrate` has a command line of its own. */
export type Command = 'start' | 'control-plane' | 'data-plane' | 'check'

export interface CommandLine {
  readonly command: Command
  /** The file given with -c. */
  readonly config: string | undefined
}

export const usage = `weir start | control-plane | data-plane | check [-c FILE]
weir migrate --help

  start           the role that the configuration names: both planes unless it says otherwise
  control-plane   the Admin API
  data-plane      the proxy
  check           reads the configuration and every document behind it, and lists what is wrong
  migrate         says what of an APISIX's configuration runs here, and copies it

Without -c the configuration is conf/config.yaml or config.yaml.
SIGTERM and SIGINT let requests under way finish; a second one ends at once.
check ends with 0 when nothing is wrong, 1 when something is, 3 when the store cannot be reached.
SIGHUP reads the list of plugins and the certificates again.`

const commands: readonly string[] = ['start', 'control-plane', 'data-plane', 'check'] satisfies Command[]

/** `help` was asked for, or the command line makes no sense: a sentence that says so. */
export function readCommandLine(args: readonly string[]): CommandLine | 'help' | { readonly error: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string', short: 'c' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help) return 'help'
    const [command, ...rest] = positionals
    if (command === undefined) return { error: 'a command is missing' }
    if (!isCommand(command)) return { error: `there is no command ${command}` }
    if (rest.length > 0) return { error: `${command} takes no ${rest.join(' ')}` }
    return { command, config: values.config }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

function isCommand(text: string): text is Command {
  return commands.includes(text)
}
