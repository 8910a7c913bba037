/** The command as people run it: a process, its exit code, what it prints. */
import { dataset, openDataset } from "hyperslab";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const bin = fileURLToPath(new URL("../../packages/cli/bin/hyperslab.js", import.meta.url));
const data = fileURLToPath(new URL("../../packages/cli/data/coads.zarr", import.meta.url));
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hyperslab-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

function run(words: string[], until?: { text: string; signal: NodeJS.Signals }): Promise<Ended> {
  const child = spawn(process.execPath, [bin, ...words], {
    cwd: folder,
    env: { ...process.env, HYPERSLAB_TOKEN: "" },
  });
  const ended: Ended = { code: null, out: "", err: "" };
  let told = false;
  const hear = (key: "out" | "err") => (chunk: Buffer) => {
    ended[key] += chunk.toString();
    if (!until || told || !(ended.out + ended.err).includes(until.text)) return;
    told = true;
    child.kill(until.signal);
  };
  child.stdout.on("data", hear("out"));
  child.stderr.on("data", hear("err"));
  return new Promise((resolve) => child.on("close", (code) => resolve({ ...ended, code })));
}

describe("hyperslab", () => {
  it("lists its commands, and helps with each", async () => {
    const help = await run(["--help"]);
    expect(help.code).toBe(0);
    for (const name of ["demo", "info", "manifest", "convert", "scheduler", "worker"]) {
      expect(help.out).toContain(name);
      const one = await run([name, "--help"]);
      expect([one.code, one.err]).toEqual([0, ""]);
      expect(one.out).toContain(`hyperslab ${name}`);
    }
  });
  it("tells its version", async () => {
    expect(await run(["--version"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
  it("gives 2 for what it doesn't understand", async () => {
    expect(await run([])).toMatchObject({ code: 2 });
    const unknown = await run(["frobnicate"]);
    expect(unknown).toMatchObject({ code: 2, out: "" });
    expect(unknown.err).toContain(
      "no such command; there are demo, info, manifest, convert, scheduler, worker",
    );
    expect((await run(["info"])).err).toContain("info takes PATH, found none");
  });
  it("shows what is stored", async () => {
    const { code, out } = await run(["info", data]);
    expect(code).toBe(0);
    expect(out).toContain("  time = 12 ;");
    expect(out).toContain("float32 sst(time, lat, lon) ;");
    expect(out).toContain("// 16 chunks of (3, 45, 90)");
    expect(out).toContain("blosc(cname lz4, clevel 5");
    expect(out).toMatch(/759 KiB in memory, [\d.]+ KiB stored \([\d.]+ : 1\)/);
  });
  it("shows the same as JSON", async () => {
    const { code, out } = await run(["info", data, "--json"]);
    expect(code).toBe(0);
    const { format, groups } = JSON.parse(out.replaceAll("NaN", "null")) as {
      format: string;
      groups: { path: string; variables: { name: string; chunks: number[]; storedChunks: number }[] }[];
    };
    expect([format, groups.map(({ path }) => path)]).toEqual(["zarr", ["/"]]);
    expect(groups[0].variables.find(({ name }) => name === "sst")).toMatchObject({
      chunks: [3, 45, 90],
      storedChunks: 16,
      shape: [12, 90, 180],
    });
  });
  it("writes where chunks are", async () => {
    const target = join(folder, "refs.json");
    const { code, out } = await run(["manifest", data, "-o", target]);
    expect([code, out]).toEqual([0, expect.stringMatching(/refs\.json written: \d+ references/)]);
    const printed = await run(["manifest", data]);
    const { version, refs } = JSON.parse(printed.out) as { version: number; refs: Record<string, string[]> };
    expect(version).toBe(1);
    expect(refs["sst/3.1.1"]).toEqual([join(data, "sst/c/3/1/1")]);
    expect(JSON.parse(String(refs["sst/.zarray"]))).toMatchObject({
      chunks: [3, 45, 90],
      dtype: "<f4",
      compressor: { id: "blosc", cname: "lz4", shuffle: 1 },
    });
    const nowhere = await run(["manifest", data, "-o", join(folder, "none", "refs.json")]);
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining("can't be written")]);
  });
  it("names what can't be opened", async () => {
    const missing = await run(["info", join(folder, "nothing.zarr")]);
    expect(missing.code).toBe(1);
    expect(missing.err).toContain("no such file or directory");
    const text = join(folder, "notes.nc");
    writeFileSync(text, "not a dataset at all");
    expect((await run(["info", text])).err).toMatch(/FormatError/);
  });
  it("converts, and does not overwrite unasked", async () => {
    const target = join(folder, "copy.zarr");
    const words = [
      "convert",
      data,
      target,
      "--variables",
      "sst",
      "--chunks",
      "time=12,lat=30",
      "--zarr-format",
      "2",
    ];
    const first = await run(words);
    expect([first.code, first.err]).toEqual([0, expect.stringContaining("100 %")]);
    const copy = (await openDataset(target)).get("sst");
    expect(copy.chunks).toMatchObject({ time: [12], lat: [30, 30, 30] });
    const [a, b] = [await copy.mean().item(), await (await openDataset(data)).get("sst").mean().item()];
    expect(a).toBeCloseTo(Number(b), 5);
    const second = await run(words);
    expect(second.code).toBe(1);
    expect(second.err).toMatch(/StorageError/);
    expect(await run([...words, "--overwrite"])).toMatchObject({ code: 0 });
  }, 60_000);
  it("converts a group", async () => {
    const source = fileURLToPath(new URL("../golden/fixtures/netcdf4/groups.nc", import.meta.url));
    const target = join(folder, "mean.zarr");
    expect(await run(["convert", source, target, "--group", "forecasts/mean"])).toMatchObject({ code: 0 });
    const [copy, ds] = [await openDataset(target), await openDataset(source, { group: "forecasts/mean" })];
    expect(copy.names).toEqual(["own", "t"]);
    expect((await copy.get("t").values()).data).toEqual((await ds.get("t").values()).data);
  }, 60_000);
  it("converts what has times that can't be, as numbers, and warns in one line", async () => {
    const odd = dataset({ t: { dims: "time", data: [1, 2] } }).assignCoords({
      time: { dims: "time", data: [0, 1], attrs: { units: "days since 0000-01-01" } },
    });
    const [source, target] = [join(folder, "odd.zarr"), join(folder, "numbers.zarr")];
    await odd.toZarr(source);
    expect(await run(["convert", source, target])).toMatchObject({
      code: 1,
      err: expect.stringContaining("there is no year 0"),
    });
    expect((await run(["convert", source, target, "--no-decode-times"])).code).toBe(0);
    const numbers = (await openDataset(target, { decodeTimes: false })).get("time");
    expect(numbers.attrs["units"]).toBe("days since 0000-01-01");
    rmSync(join(source, "t", "zarr.json"));
    const root = join(source, "zarr.json");
    writeFileSync(root, readFileSync(root, "utf8").replace('"float64"', '"decimal42"'));
    const { err } = await run(["convert", source, join(folder, "warned.zarr"), "--no-decode-times"]);
    expect(err).toMatch(/^warning: variable "\w+" is left out: .*decimal42.*\n/);
    expect(err).not.toContain("trace-warnings");
  }, 60_000);
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "leaves nothing half-written after %s",
    async (signal, exit) => {
      const target = join(folder, "interrupted.zarr");
      const { code, err } = await run(["convert", data, target, "--chunks", "time=1,lat=2,lon=10"], {
        text: "tasks",
        signal,
      });
      expect([code, err]).toEqual([exit, expect.stringContaining("interrupted")]);
      expect(existsSync(target)).toBe(false);
      expect(readdirSync(folder).filter((name) => name.includes("interrupted"))).toEqual([]);
    },
    60_000,
  );
  it("ends a worker at once where the address is none", async () => {
    const { code, err } = await run(["worker", "nonsense"]);
    expect([code, err]).toEqual([1, expect.stringContaining("not an address; write ws://host:port")]);
  });
  it("serves a scheduler until it is told to end", async () => {
    const { code, out } = await run(["scheduler", "--port", "0"], {
      text: "HYPERSLAB_TOKEN=",
      signal: "SIGTERM",
    });
    expect(code).toBe(0);
    expect(out).toMatch(/scheduler at ws:\/\/127\.0\.0\.1:\d+/);
  });
});
