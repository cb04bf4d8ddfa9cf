// Links between the repository's documents: each leads to a file, and to a heading where it names one.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** Complaints about one document, `file` being its path from `root`. */
export function complaintsOfLinks(root: string, file: string): string[] {
  const complaints: string[] = []
  for (const target of linksOf(readFileSync(join(root, file), 'utf8'))) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue
    const [path = '', anchor] = target.split('#', 2)
    const found = path === '' ? file : normalize(join(dirname(file), decodeURIComponent(path)))
    const full = join(root, found)
    if (found.startsWith('..') || !existsSync(full)) complaints.push(`${file}: no such file: ${target}`)
    else if (anchor && statSync(full).isFile() && !headingsOf(readFileSync(full, 'utf8')).has(anchor)) {
      complaints.push(`${file}: no such heading: ${target}`)
    }
  }
  return complaints
}

/** Targets of `[text](target)` and `![text](target)`, code left out. */
function linksOf(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].map(
    (match) => match[1] ?? '',
  )
}

/** Anchors as GitHub makes them of headings; a repeated one gets -1, -2 and so on. */
export function headingsOf(markdown: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, text = ''] of withoutFences(markdown).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const anchor = text
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-')
    let unique = anchor
    for (let i = 1; anchors.has(unique); i++) unique = `${anchor}-${i}`
    anchors.add(unique)
  }
  return anchors
}

function withoutFences(markdown: string): string {
  return markdown.replace(/^(```|~~~)[^]*?^\1.*$/gm, '')
}

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replace(/`[^`\n]*`/g, '')
}
