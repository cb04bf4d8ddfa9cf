// What is asked of a plain upstream: the target as the client sent it, as nginx has it, without the arguments that
// plugins hide (`hide_credentials`).
import { hiddenArguments, type RequestContext } from '@weir/plugin-api'

export function upstreamTarget({ request: { target }, state }: RequestContext): string {
  const hidden = state.get(hiddenArguments)
  const mark = target.indexOf('?')
  if (!hidden || hidden.length === 0 || mark < 0) return target
  const kept = target
    .slice(mark + 1)
    .split('&')
    .filter((pair) => !hidden.includes(nameOf(pair)))
  return kept.length === 0 ? target.slice(0, mark) : `${target.slice(0, mark)}?${kept.join('&')}`
}

function nameOf(pair: string): string {
  const [name = ''] = pair.split('=', 1)
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}
