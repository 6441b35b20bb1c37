import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // These need a Docker engine: `npm run test:container`.
    exclude: ["test/container/**"],
    testTimeout: 20_000,
    pool: "forks",
  },
});
