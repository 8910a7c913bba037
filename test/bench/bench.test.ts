import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Row } from "../../bench/case.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const bench = (...args: string[]): Promise<{ stdout: string }> =>
  run(process.execPath, ["bench/dist/main.js", ...args], { cwd: root });

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hyperslab-bench-test-"));
  await run("npx", ["--no-install", "tsc", "-p", "bench"], { cwd: root });
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test("rows of two cases, ours alone", { timeout: 120_000 }, async () => {
  const json = join(folder, "rows.json");
  const page = join(folder, "results.md");
  const small = ["--scale", "tiny", "--no-peers", "--rounds", "2", "--data", join(folder, "data")];
  const { stdout } = await bench(
    "wind-speed/arena",
    "zonal-mean/skipna",
    ...small,
    "--json",
    json,
    "--results",
    page,
  );
  const rows = JSON.parse(await readFile(json, "utf8")) as Row[];
  expect(rows.map((row) => row.case)).toEqual(["wind-speed/arena", "zonal-mean/skipna"]);
  for (const row of rows) {
    expect(Object.keys(row).sort()).toEqual([
      "agree",
      "case",
      "cpu",
      "facts",
      "limit",
      "memory",
      "ours",
      "peer",
      "ratio",
      "rounds",
      "share",
      "unit",
    ]);
    expect(row.ours.median).toBeGreaterThan(0);
    expect(row).toMatchObject({ peer: null, ratio: null, agree: null, rounds: 2 });
  }
  expect(rows[0]).toMatchObject({ unit: "GB/s", limit: { name: "memory triad, 1 thread" } });
  expect(rows[0].share).toBeGreaterThan(0);
  // only the peer has the native codec
  expect(rows[1]).toMatchObject({ unit: "s", limit: null, share: null });
  expect(stdout).toContain("zonal-mean/skipna");
  expect(await readFile(page, "utf8")).toMatch(/^\| wind-speed\/arena \| .* GB\/s \| - \|/m);
});

test("the list names every case, and other names are refused", { timeout: 120_000 }, async () => {
  const { stdout } = await bench("--list");
  for (const name of ["calibration", "decode", "zonal-mean", "graph", "streaming"])
    expect(stdout).toContain(name);
  await expect(bench("no-such-case", "--no-peers")).rejects.toThrow(/no case "no-such-case"/);
});
