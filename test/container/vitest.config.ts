import { defineConfig } from "vitest/config";

const slow = ["page", "variants", "workflows"].map((name) => `test/container/${name}.test.ts`);

/** Needs root on Debian: it starts a Docker engine of its own. `npm run test:container` runs it. */
export default defineConfig({
  test: {
    root: ".",
    globalSetup: ["test/container/setup/engine.ts"],
    testTimeout: 90_000,
    hookTimeout: 1_200_000,
    pool: "forks",
    projects: [
      // First what waits most of the time, then what compiles.
      {
        extends: true,
        test: {
          name: "running",
          include: ["test/container/**/*.test.ts"],
          exclude: slow,
          maxWorkers: 4,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "building", include: slow, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
