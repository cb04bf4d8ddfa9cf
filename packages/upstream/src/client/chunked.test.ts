import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { until } from '@weir/testkit'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { certificate } from './certificate.testing.ts'
import { cleanups, options, origins, rawServer, Recorder, send } from './exchange.testing.ts'

const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const interim = 'HTTP/1.1 103 Early Hints\r\n\r\n'

/** Writes the pieces one after another, each in a turn of its own. */
async function writePieces(socket: Socket, pieces: readonly string[]): Promise<void> {
  socket.setNoDelay()
  for (const piece of pieces) {
    socket.write(piece, 'latin1')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function cut(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((at) => at % (text.length + 1)), text.length].toSorted((a, b) => a - b)
  return places.slice(1).map((end, i) => text.slice(places[i], end))
}

/** A server that answers with what it is told, in pieces. */
async function piecewise() {
  let pieces: readonly string[] = []
  const server = await rawServer((socket) => socket.on('data', () => void writePieces(socket, pieces)))
  const using = origins()
  const settings = options(server.origin)
  return {
    server,
    ask: (answer: readonly string[], method = 'GET') => {
      pieces = answer
      return send(using, settings, { method })
    },
  }
}

describe('a body in chunked transfer coding', () => {
  const texts = fc.array(fc.stringMatching(/^[\r\n0-9a-fx;]{1,30}$/), { maxLength: 5 })

  test('arrives as it was sent, however it is cut, and its connection is used again', async () => {
    const { server, ask } = await piecewise()
    await fc.assert(
      fc.asyncProperty(
        texts,
        fc.constantFrom('', interim),
        fc.constantFrom('', ';name=value'),
        fc.constantFrom('0\r\n\r\n', '0\r\nTrailer: x\r\n\r\n'),
        fc.array(fc.nat(), { maxLength: 6 }),
        async (body, before, extension, end, cuts) => {
          const chunks = body.map((text) => `${text.length.toString(16)}${extension}\r\n${text}\r\n`)
          const seen = await ask(cut(before + head + chunks.join('') + end, cuts)).done
          expect(seen.error).toBeUndefined()
          expect(seen.text).toBe(body.join(''))
        },
      ),
    )
    expect(server.accepted()).toBe(1)
  })

  test('comes in one piece for each read, however many chunks that holds', async () => {
    const { ask } = await piecewise()
    const seen = await ask([`${head}1\r\na\r\n2\r\nbc\r\n1\r\nd\r\n0\r\n\r\n`]).done
    expect(seen.calls).toEqual(['head', 'data', 'end'])
    expect(seen.text).toBe('abcd')
  })

  test('that breaks the coding fails, after what came before', async () => {
    const { ask } = await piecewise()
    const seen = await ask([`${head}3\r\nabcd\r\n0\r\n\r\n`]).done
    expect(seen).toMatchObject({ text: 'abc', error: { failure: 'protocol' } })
  })

  test('that is cut off fails, after what came before', async () => {
    const server = await rawServer((socket) =>
      socket.on('data', () => void writePieces(socket, [head, '3\r\nab']).then(() => socket.end())),
    )
    const seen = await send(origins(), options(server.origin)).done
    expect(seen).toMatchObject({ text: 'ab', error: { failure: 'reset' } })
  })

  test('is not awaited where there is none', async () => {
    const { ask } = await piecewise()
    expect(await ask([head], 'HEAD').done).toMatchObject({ calls: ['head', 'end'], error: undefined })
    const notModified = head.replace('200 OK', '304 Not Modified')
    expect(await ask([notModified]).done).toMatchObject({ status: 304, text: '', error: undefined })
  })

  test('waits while its reader is paused', async () => {
    const { ask } = await piecewise()
    const recorder = ask([head, '1\r\na\r\n', '1\r\nb\r\n', '0\r\n\r\n'])
    recorder.onHead = (status) => {
      recorder.status = status
      recorder.exchange?.pause()
    }
    await until(() => recorder.status === 200)
    // A whole exchange later the rest has long been there.
    await ask([`${head}0\r\n\r\n`]).done
    expect(recorder.calls).toEqual([])
    recorder.exchange?.resume()
    expect((await recorder.done).text).toBe('ab')
  })

  test('loses its connection when its reader fails', async () => {
    const { server, ask } = await piecewise()
    const recorder = ask([head, '1\r\na\r\n', '1\r\nb\r\n'])
    recorder.onData = () => {
      throw new Error('no')
    }
    expect((await recorder.done).error).toMatchObject({ failure: 'reset' })
    await until(() => server.sockets.size === 0)
  })

  test('comes over TLS alike', async () => {
    const server = createTlsServer(certificate(), (socket) => {
      socket.on('error', () => undefined)
      socket.on('data', () => void writePieces(socket, [head, '3\r\nab', 'c\r\n1\r\nd\r\n0\r\n\r\n']))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => server.close())
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const using = origins()
    for (let i = 0; i < 2; i++) {
      const seen: Recorder = await send(using, options(origin, { verifyCertificate: false })).done
      expect(seen).toMatchObject({ text: 'abcd', error: undefined })
    }
  })
})
