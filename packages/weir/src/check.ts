// `weir check`: reads the configuration and every document behind it, and says what is wrong with them.
import { createCipher, decryptFields } from '@weir/contract'
import { checkDocuments, PluginCatalog } from '@weir/data-plane/check'
import { openStore } from './open-store.ts'
import { choosePlugins } from './plugins.ts'
import { type ConfigFile, SettingsReader } from './read-settings.ts'

/** Answers the exit status: 0 when nothing is wrong. @throws Error with a sentence when the store cannot be read. */
export async function check(file: ConfigFile): Promise<number> {
  const settings = await new SettingsReader('check', file).read()
  const { enabled, names } = await choosePlugins(settings, file.directory)
  const cipher = createCipher(settings.apisix.data_encryption.keyring)
  const store = await openStore(settings)
  try {
    const { entries } = await store.list('/')
    const { ignore } = settings.weir.unsupported_plugins
    const { documents, findings } = checkDocuments(entries, {
      catalog: new PluginCatalog({ plugins: enabled, enabled: names, ignored: ignore }),
      decrypt: (config, fields) => decryptFields(config, fields, cipher),
      environment: process.env,
    })
    for (const { key, problem } of findings) process.stdout.write(`${key}: ${problem}\n`)
    if (settings.ignored.length > 0) process.stdout.write(`without effect: ${settings.ignored.join(', ')}\n`)
    const result =
      findings.length === 0 ? 'no problems' : `${findings.length} problem${findings.length > 1 ? 's' : ''}`
    process.stdout.write(`${file.path} and ${documents} documents: ${result}\n`)
    return findings.length === 0 ? 0 : 1
  } finally {
    await store.close()
  }
}
