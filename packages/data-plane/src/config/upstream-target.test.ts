import { hiddenArguments, type RequestContext, State } from '@weir/plugin-api'
import { expect, test } from 'vitest'
import { upstreamTarget } from './upstream-target.ts'

test.each([
  ['/a?b=1', undefined, '/a?b=1'],
  ['/a?b=1', ['apikey'], '/a?b=1'],
  ['/a?apikey=x', ['apikey'], '/a'],
  ['/a?api%6bey=x&b=%2F&apikey=y', ['apikey'], '/a?b=%2F'],
  ['/%2e%2E//a', ['apikey'], '/%2e%2E//a'],
])('%s without %s is %s', (target, hidden, expected) => {
  const state = new State()
  if (hidden) state.set(hiddenArguments, hidden)
  expect(upstreamTarget({ request: { target }, state } as RequestContext)).toBe(expected)
})
