import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { until } from '../until.ts'
import { freePort, startProcess } from './index.ts'

const node = process.execPath

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('is ready when its port answers, and ends on SIGTERM', async () => {
  const port = await freePort()
  const program = `
    const server = require('http').createServer((q, s) => { s.statusCode = q.url === '/ready' ? 200 : 404; s.end() })
    setTimeout(() => server.listen(${port}, '127.0.0.1'), 50)
    process.on('SIGTERM', () => { console.log('bye', process.env.GREETING); process.exit(3) })`
  const running = await startProcess({
    command: node,
    args: ['-e', program],
    env: { GREETING: 'all' },
    ready: { url: `http://127.0.0.1:${port}/ready` },
  })
  expect(running.exit).toBeUndefined()
  expect(await running.stop()).toEqual({ code: 3, signal: null })
  expect(running.stdout).toBe('bye all\n')
  expect(await running.stop()).toEqual({ code: 3, signal: null })
})

test('a program deaf to SIGTERM is killed after the grace', async () => {
  const program = "process.on('SIGTERM', () => {}); console.log('on'); setInterval(() => {}, 1000)"
  const running = await startProcess({ command: node, args: ['-e', program], ready: { output: /^on$/m } })
  expect(await running.stop({ graceMs: 50 })).toEqual({ code: null, signal: 'SIGKILL' })
})

test('a program that ends instead of getting ready is reported with what it wrote', async () => {
  const program = "console.error('no such file: c.yaml'); process.exit(2)"
  const starting = startProcess({ command: node, args: ['-e', program], ready: { output: /never/ } })
  await expect(starting).rejects.toThrow(/ended with 2[^]*no such file: c\.yaml/)
})

test('a program that is not there is reported, and one that is slow is ended', async () => {
  await expect(startProcess({ command: '/no/such/program', ready: { output: /x/ } })).rejects.toThrow(
    'ENOENT',
  )
  const slow = startProcess({ command: 'sleep', args: ['60'], ready: { output: /x/, timeoutMs: 50 } })
  await expect(slow).rejects.toThrow('was not ready within 50 ms')
})

test('a port is given out once, whichever process asks', async () => {
  const url = new URL('./index.ts', import.meta.url).href
  const program = `
    import { freePort } from '${url}'
    for (let i = 0; i < 500; i++) console.log(await freePort())
    setInterval(() => {}, 1000)`
  const askers = Array.from({ length: 3 }, () =>
    startProcess({ command: node, args: ['--input-type=module', '-e', program] }),
  )
  const running = await Promise.all(askers)
  const ports = () => running.flatMap(({ stdout }) => stdout.trimEnd().split('\n'))
  await until(() => ports().length === 1500)
  expect(new Set(ports()).size).toBe(1500)
  await Promise.all(running.map((asker) => asker.stop()))
})

test('does not outlive the process that started it, even killed', async () => {
  const url = new URL('./index.ts', import.meta.url).href
  const program = `
    import { startProcess } from '${url}'
    const ended = await startProcess({ command: 'sleep', args: ['0'] })
    await ended.exited
    const running = await startProcess({ command: 'sleep', args: ['60'] })
    console.log(running.pid)
    setInterval(() => {}, 1000)`
  const parent = spawn(node, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line]: unknown[] = await once(parent.stdout, 'data')
  const pid = Number(String(line))
  expect(isRunning(pid)).toBe(true)
  parent.kill('SIGKILL')
  await until(() => !isRunning(pid))
})
