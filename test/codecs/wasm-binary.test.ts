/** The committed module is what the committed sources compile to. Skipped where the compiler isn't installed. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const BUILD = new URL("../../packages/codecs/assembly/build.mjs", import.meta.url);
const COMMITTED = new URL("../../packages/codecs/src/wasm-binary.ts", import.meta.url);

async function compiler(): Promise<(() => Promise<string>) | null> {
  try {
    const { compile } = (await import(BUILD.href)) as { compile: () => Promise<string> };
    return compile;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") return null;
    throw error;
  }
}

describe("wasm-binary.ts", async () => {
  const compile = await compiler();
  it.skipIf(compile === null)("is made of ../assembly", { timeout: 60_000 }, async () => {
    expect(await compile?.()).toBe(readFileSync(COMMITTED, "utf8"));
  });
});
