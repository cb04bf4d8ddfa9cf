// The examples of README.md: what to type, and what then appears.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Example {
  readonly command: string
  /** What it prints; `...` stands for anything, and so does an identifier. */
  readonly output: RegExp
}

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')

/** The commands of the `console` blocks, in their order. */
export function readmeExamples(): readonly Example[] {
  return blocksOf('console').flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const end = text.indexOf('\n')
        return { command: text.slice(0, end), output: patternOf(text.slice(end + 1)) }
      }),
  )
}

/** The lines of the error log that README.md shows. */
export function readmeLogLines(): readonly RegExp[] {
  return blocksOf('json').map((line) => patternOf(line))
}

function blocksOf(language: string): readonly string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm')
  return [...readme.matchAll(pattern)].map(([, block = '']) => block)
}

const anything = / *\.\.\. *|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/

function patternOf(output: string): RegExp {
  const parts = output
    .trim()
    .split(anything)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('[^]*')}\\s*$`)
}
