import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const MEMORY = '/dev/shm'
/** etcd alone takes 64 MB for its log; containers may have less than that in all. */
const FREE_BYTES_MIN = 2 * 1024 ** 3

/**
 * Where servers under test keep their data: in memory, where there is enough. They wait for the disk at every write,
 * and a disk that others are busy with can take seconds.
 */
export const dataRoot = hasRoom() ? MEMORY : tmpdir()

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= FREE_BYTES_MIN
  } catch {
    return false
  }
}
