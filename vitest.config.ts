import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const cores = availableParallelism()
const setupFiles = ['packages/testkit/src/property-seed.ts']

// Two projects: `unit` is everything beside the code, `e2e` starts whole planes as processes. No more files run at once
// than there are cores: many have limits of time in them, which should not depend on their neighbours.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles,
          include: ['packages/**/*.test.ts', 'scripts/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: cores,
        },
      },
      {
        test: {
          name: 'e2e',
          setupFiles,
          include: ['e2e/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: cores,
        },
      },
    ],
  },
})
