// `pnpm tidy`: what no other tool checks. Links of documents resolve; plugin folders are whole, listed and described
// as their schemas are.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { complaintsOfLinks } from './tidy/links.ts'
import { complaintsOfPlugin, pluginFolders } from './tidy/plugins.ts'

const root = join(import.meta.dirname, '..')
const plugins = join(root, 'packages/plugins/src')

const documents = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '*.md'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)))

const complaints = documents.flatMap((file) => complaintsOfLinks(root, file))
for (const name of pluginFolders(plugins)) complaints.push(...(await complaintsOfPlugin(plugins, name)))

for (const complaint of complaints) console.error(complaint)
if (complaints.length > 0) process.exitCode = 1
else console.log(`${documents.length} documents and ${pluginFolders(plugins).length} plugins are tidy`)
