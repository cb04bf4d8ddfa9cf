import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Most files wait for servers, timers and each other more than they compute.
const maxWorkers = 2 * availableParallelism()

// Two projects: `unit` is everything beside the code, `e2e` starts whole planes as processes.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/**/*.test.ts', 'scripts/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers,
        },
      },
    ],
  },
})
