// For a test: a process that writes for ever and says after each write that it is done. Usage: FILE
import { writeSync } from 'node:fs'
import { createEmbeddedStore } from './embedded-store.ts'

const [, , path = ''] = process.argv
const store = createEmbeddedStore({ path })
for (let index = 0; ; index++) {
  const { revision } = await store.put(`/routes/${index % 1_000}`, `${index}`)
  writeSync(1, `${index} ${revision}\n`)
}
