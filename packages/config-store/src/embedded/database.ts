// The file of the embedded store: its tables, and the statements that read and write them.
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import type { StoreChange, StoreEntry } from '../store.ts'

/** Goes up with every change of the tables. */
const SCHEMA_VERSION = 1

/** How long a call waits for another process's write, in which it blocks this thread. Writes take well under 10 ms. */
const LOCK_TIMEOUT_MS = 2_000

/** As in etcd, where a fresh store is at revision 1 and the first write makes 2. */
const SCHEMA = `
  CREATE TABLE newest (revision INTEGER NOT NULL);
  INSERT INTO newest VALUES (1);
  CREATE TABLE entries (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    create_revision INTEGER NOT NULL,
    mod_revision INTEGER NOT NULL,
    expires_at INTEGER -- milliseconds since 1970
  );
  CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE changes (
    revision INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT, -- NULL: deleted
    create_revision INTEGER,
    PRIMARY KEY (revision, key)
  );
  PRAGMA user_version = ${SCHEMA_VERSION};`

type Row = Record<string, SQLOutputValue>

export class Database {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** Creates the file if need be, readable by its owner only: it holds credentials. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true })
    closeSync(openSync(path, 'a', 0o600))
    this.#db = new DatabaseSync(path, { timeout: LOCK_TIMEOUT_MS })
    // With `full`, what was acknowledged survives not only a killed process but a power cut.
    this.#db.exec('PRAGMA journal_mode = wal; PRAGMA synchronous = full')
    this.transaction(() => this.#createTables(path))
  }

  close(): void {
    this.#db.close()
  }

  /** Runs `work` and keeps all that it wrote, or nothing if it throws. */
  transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  /** Changes whenever another connection has written, in this process or another one. */
  dataVersion(): number {
    return this.#number('PRAGMA data_version', 'data_version')
  }

  revision(): number {
    return this.#number('SELECT revision FROM newest', 'revision')
  }

  entry(key: string): StoreEntry | undefined {
    const row = this.#prepare('SELECT * FROM entries WHERE key = ?').get(key)
    return row && toEntry(row)
  }

  keysWithPrefix(prefix: string): string[] {
    const rows = this.#prepare('SELECT key FROM entries WHERE key >= ? AND key < ?').all(...rangeOf(prefix))
    return rows.map((row) => String(row['key']))
  }

  keysExpiredAt(now: number): string[] {
    const rows = this.#prepare('SELECT key FROM entries WHERE expires_at <= ?').all(now)
    return rows.map((row) => String(row['key']))
  }

  /** When the next key expires, or Infinity. */
  nextExpiry(): number {
    const row = this.#prepare('SELECT min(expires_at) AS at FROM entries WHERE expires_at IS NOT NULL').get()
    return row?.['at'] == null ? Infinity : Number(row['at'])
  }

  write(entry: StoreEntry, expiresAt: number | undefined): void {
    const { key, value, createRevision, modRevision } = entry
    const statement = this.#prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)')
    statement.run(key, value, createRevision, modRevision, expiresAt ?? null)
    this.#log(modRevision, key, value, createRevision)
  }

  remove(key: string, revision: number): void {
    this.#prepare('DELETE FROM entries WHERE key = ?').run(key)
    this.#log(revision, key, null, null)
  }

  /** The changes of the revisions from `first` to `last`, both included, in order. */
  changes(first: number, last: number): StoreChange[] {
    const sql = 'SELECT * FROM changes WHERE revision BETWEEN ? AND ? ORDER BY revision, key'
    return this.#prepare(sql).all(first, last).map(toChange)
  }

  /** The first revision whose changes are still known; `revision() + 1` if none are. */
  oldestRevision(): number {
    const row = this.#prepare('SELECT min(revision) AS oldest FROM changes').get()
    return row?.['oldest'] == null ? this.revision() + 1 : Number(row['oldest'])
  }

  forgetChangesBefore(revision: number): void {
    this.#prepare('DELETE FROM changes WHERE revision < ?').run(revision)
  }

  #log(revision: number, key: string, value: string | null, createRevision: number | null): void {
    this.#prepare('INSERT INTO changes VALUES (?, ?, ?, ?)').run(revision, key, value, createRevision)
    this.#prepare('UPDATE newest SET revision = ?').run(revision)
  }

  #createTables(path: string): void {
    const version = this.#number('PRAGMA user_version', 'user_version')
    if (version === 0) this.#db.exec(SCHEMA)
    else if (version !== SCHEMA_VERSION) {
      throw new Error(
        `${path} was written by another version (format ${version}, expected ${SCHEMA_VERSION})`,
      )
    }
  }

  #number(sql: string, column: string): number {
    return Number(this.#prepare(sql).get()?.[column])
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** Begin and end of the keys with a prefix; SQLite compares the bytes of their UTF-8, as etcd does. */
export function rangeOf(prefix: string): [string, string] {
  return [prefix, `${prefix}\u{10ffff}`]
}

export function toEntry(row: Row): StoreEntry {
  return {
    key: String(row['key']),
    value: String(row['value']),
    createRevision: Number(row['create_revision']),
    modRevision: Number(row['mod_revision']),
  }
}

function toChange(row: Row): StoreChange {
  const key = String(row['key'])
  const revision = Number(row['revision'])
  if (row['value'] === null) return { type: 'delete', key, revision }
  return { type: 'put', key, revision, entry: toEntry({ ...row, mod_revision: revision }) }
}
