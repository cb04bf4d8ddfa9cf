// Random calls, each made to a store and to the model.
import fc from 'fast-check'
import { expect } from 'vitest'
import type { ConfigStore } from '../store.ts'
import type { StoreModel } from './model.ts'

type StoreCommand = fc.AsyncCommand<StoreModel, ConfigStore>

const COMMANDS_MAX = 30

/** Few keys, so that the commands meet each other. */
const anyKey = fc.constantFrom('/routes/1', '/routes/2', '/routes/1/x', '/services/1', '/plugins')
const anyPrefix = fc.constantFrom('/', '/routes/', '/routes/1', '/none/')
const anyValue = fc.string({ unit: 'grapheme', maxLength: 8 })

export const storeCommands = fc.commands(
  [
    fc.tuple(anyKey, anyValue).map(([key, value]) => put(key, value)),
    fc.tuple(anyKey, anyValue, fc.boolean()).map(([key, value, fresh]) => compareAndSwap(key, value, fresh)),
    anyKey.map(remove),
    anyPrefix.map(removePrefix),
    fc.tuple(anyKey, anyPrefix).map(([key, prefix]) => removeWith(key, prefix)),
    anyKey.map(get),
    anyPrefix.map(list),
    fc.constant(command('allocateId', allocateId)),
  ],
  { maxCommands: COMMANDS_MAX },
)

function command(text: string, run: (model: StoreModel, store: ConfigStore) => Promise<void>): StoreCommand {
  return { check: () => true, run, toString: () => text }
}

function put(key: string, value: string): StoreCommand {
  return command(`put ${key} ${JSON.stringify(value)}`, async (model, store) => {
    const previous = model.get(key)
    const result = await store.put(key, value)
    expect(result.created).toBe(!previous)
    expect(result.previous).toEqual(previous)
    model.put(key, value, result.revision)
  })
}

function compareAndSwap(key: string, value: string, fresh: boolean): StoreCommand {
  return command(`compareAndSwap ${key} ${fresh ? 'fresh' : 'outdated'}`, async (model, store) => {
    const known = model.get(key)?.modRevision ?? 0
    const result = await store.compareAndSwap(key, fresh ? known : known + 1, value)
    expect(result === 'conflict').toBe(!fresh)
    if (result !== 'conflict') model.put(key, value, result.revision)
  })
}

function remove(key: string): StoreCommand {
  return command(`delete ${key}`, async (model, store) => {
    expect(await store.delete(key)).toBe(model.deleteAll((other) => other === key) === 1)
  })
}

function removePrefix(prefix: string): StoreCommand {
  return command(`deletePrefix ${prefix}`, async (model, store) => {
    expect(await store.deletePrefix(prefix)).toBe(model.deleteAll((key) => key.startsWith(prefix)))
  })
}

function removeWith(key: string, prefix: string): StoreCommand {
  return command(`deleteWith ${key} ${prefix}`, async (model, store) => {
    model.deleteAll((other) => other.startsWith(prefix) && other !== key)
    const existed = model.deleteAll((other) => other === key) === 1
    const deleted = await store.deleteWith(key, prefix)
    // A key that begins with the prefix itself has gone with the others.
    if (!key.startsWith(prefix)) expect(deleted).toBe(existed)
  })
}

function get(key: string): StoreCommand {
  return command(`get ${key}`, async (model, store) => {
    expect((await store.get(key)).entry).toEqual(model.get(key))
  })
}

function list(prefix: string): StoreCommand {
  return command(`list ${prefix}`, async (model, store) => {
    expect((await store.list(prefix)).entries).toEqual(model.list(prefix))
  })
}

async function allocateId(model: StoreModel, store: ConfigStore): Promise<void> {
  model.put('/gen_id', '1', Number(await store.allocateId()))
}
