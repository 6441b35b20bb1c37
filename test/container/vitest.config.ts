import { defineConfig } from "vitest/config";

/** Needs root on Debian: it starts a Docker engine of its own. `npm run test:container` runs it. */
export default defineConfig({
  test: {
    root: ".",
    include: ["test/container/**/*.test.ts"],
    globalSetup: ["test/container/setup/engine.ts"],
    testTimeout: 90_000,
    hookTimeout: 1_200_000,
    pool: "forks",
    // Two cores are enough for what waits most of the time; builds come one after the other in their own file.
    maxWorkers: 4,
  },
});
