// Ends started processes when the test process is gone, however it went: a shell holds the other end of a pipe, and
// when the pipe closes it kills what is still on its list. A signal handler alone would not survive SIGKILL.
import { spawn, type ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'

const watch = `
trap '' INT TERM HUP
pids=' '
while read -r what pid; do
  case $what in
    add) pids="$pids$pid " ;;
    drop) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -9 "$pid"; done 2>/dev/null
`

let shell: ChildProcess | undefined

function tell(line: string): void {
  if (!shell) {
    shell = spawn('/bin/sh', ['-c', watch], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    shell.unref()
    // A pipe to a shell that has died is no reason to end the test process.
    shell.stdin?.on('error', () => undefined)
    // The pipe is a socket, whatever its type says, and must not keep the test process alive.
    if (shell.stdin instanceof Socket) shell.stdin.unref()
  }
  shell.stdin?.write(`${line}\n`)
}

export function leash(child: ChildProcess): void {
  const { pid } = child
  if (pid === undefined) return
  tell(`add ${pid}`)
  child.once('exit', () => tell(`drop ${pid}`))
}
