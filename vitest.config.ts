import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // the packages are tested as they are shipped: built, and loaded by Node itself
    server: { deps: { external: [/\/dist\//, /node_modules/] } },
    pool: "forks",
    // tests leave nothing behind
    env: { HYPERSLAB_CACHE: "off" },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ["default", "./test/reporter.ts"],
  },
});
