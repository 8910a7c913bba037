/** The README's example is run as it stands, and prints what the README says. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("the README's example prints what the README says", () => {
  const text = readFileSync(join(root, "README.md"), "utf8");
  const code = /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
  const printed = /It prints\n\n```\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
  const folder = mkdtempSync(join(tmpdir(), "hyperslab-readme-"));
  try {
    for (const name of ["node_modules", "packages"]) symlinkSync(join(root, name), join(folder, name));
    // `await using` is TypeScript until Node 24: what the compiler makes of it, by hand
    const plain = code.replace(/await using (\w+) =/, "const $1 =");
    const name = /await using (\w+) =/.exec(code)?.[1] ?? "";
    writeFileSync(join(folder, "example.mjs"), `${plain}\nawait ${name}.close();\n`);
    const run = spawnSync(process.execPath, ["example.mjs"], { cwd: folder, encoding: "utf8" });
    expect(run.stderr).toBe("");
    expect(stripVTControlCharacters(run.stdout)).toBe(printed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
