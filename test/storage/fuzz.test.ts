/**
 * Damaged metadata: every reader ends in an array that can be described and read, or in an error that names the file
 * and the reason; whatever lengths a document claims, memory stays small, and no document reaches Object.prototype.
 * `HYPERSLAB_FUZZ=100000` makes it that many mutations a reader.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { allocateBlock } from "@hyperslab/core/block";
import { type AxisSelection, selectionLength, slice } from "@hyperslab/core/box";
import { isHyperslabError } from "@hyperslab/core/errors";
import { openGeotiff } from "@hyperslab/storage/geotiff/open-geotiff";
import { openGrib } from "@hyperslab/storage/grib/open-grib";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { openNetcdf3 } from "@hyperslab/storage/netcdf3/netcdf3";
import type { StoredGroup } from "@hyperslab/storage/source";
import { openZarrGroup } from "@hyperslab/storage/zarr/zarr-group";
import { describe, expect, it } from "vitest";
import { type Random, mutateBytes, mutateJson, randomFrom } from "./mutate.js";
import { packedZarr } from "./packed-zarr.js";

const MUTATIONS = Number(process.env["HYPERSLAB_FUZZ"] ?? 2000);
const TIMEOUT = Math.max(60_000, MUTATIONS * 10);
/** Bytes beyond what was there before that no mutation may hold. */
const MOST_MEMORY = 256 * 2 ** 20;

/** Bytes that the process may ever have had in memory. */
const MOST_RESIDENT = 3 * 2 ** 30;

const held = (): number => {
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
};
const peak = (): number => process.resourceUsage().maxRSS * 1024;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Nobody opens anything by it: stores that are registered stay for ever. */
const REF = { kind: "process", id: 1 } as const;

type Keys = ReadonlyMap<string, Uint8Array>;

/** Opens what there is, and reads a corner of every array that opens. */
async function tryGroup(open: () => Promise<StoredGroup | null>): Promise<"read" | "refused"> {
  const group = await open();
  if (!group) return "refused";
  for (const error of group.skipped?.values() ?? []) expectNamed(error);
  for (const source of group.arrays.values()) {
    const { dtype, shape, grid, dims, attributes } = source.describe();
    expect([grid.length, dims.length]).toEqual([shape.length, shape.length]);
    JSON.stringify([attributes, source.ref.detail], (_, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    for (const corner of [0, 1]) {
      const selection: AxisSelection[] = shape.map((length, axis) =>
        axis > 8
          ? slice(0, Math.min(1, length))
          : slice(corner * Math.max(0, length - 2), Math.min(2, length)),
      );
      try {
        await source.readBlock(selection, allocateBlock(dtype, selection.map(selectionLength)));
      } catch (error) {
        expectNamed(error);
      }
    }
  }
  return "read";
}

function expectNamed(error: unknown): void {
  if (!isHyperslabError(error, "StorageError", "FormatError", "CodecError", "DtypeError")) throw error;
  expect(error.message.length).toBeLessThan(2000);
}

async function storm(
  name: string,
  mutate: (random: Random) => { readonly what: string; open(): Promise<StoredGroup | null> },
) {
  const before = held();
  const found = { read: 0, refused: 0 };
  for (let seed = 1; seed <= MUTATIONS; seed++) {
    const { what, open } = mutate(randomFrom(seed));
    try {
      found[await tryGroup(open)]++;
    } catch (error) {
      try {
        expectNamed(error);
        found.refused++;
      } catch {
        throw new Error(`${name}, mutation ${seed} (${what}): ${String(error)}`, { cause: error });
      }
    }
    if (held() - before > MOST_MEMORY) {
      collect();
      if (held() - before > MOST_MEMORY)
        throw new Error(`${name}, mutation ${seed} (${what}): ${held() - before} bytes are held`);
    }
    if (peak() > MOST_RESIDENT)
      throw new Error(`${name}, mutation ${seed} (${what}): ${peak()} bytes were held`);
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  // a storm in which nothing is read, or everything, tries nothing
  expect(found.read).toBeGreaterThan(MUTATIONS / 50);
  expect(found.refused).toBeGreaterThan(MUTATIONS / 200);
}

/** The arrays of a store, each as a store of its own; and the consolidated whole. */
function seedsOf(
  keys: Keys,
  names: readonly string[],
  isConsolidated: boolean,
): { keys: Keys; documents: string[] }[] {
  const seeds = names.map((name) => {
    const own = [...keys].filter(([key]) => key.startsWith(`/${name}/`));
    const document = own
      .filter(([key]) => /\/(?:zarr\.json|\.zarray|\.zattrs)$/.test(key))
      .map(([key]) => key);
    const root = new TextEncoder().encode(
      document[0].endsWith("zarr.json") ? '{"zarr_format": 3, "node_type": "group"}' : '{"zarr_format": 2}',
    );
    own.push([document[0].endsWith("zarr.json") ? "/zarr.json" : "/.zgroup", root]);
    return { keys: new Map(own), documents: document };
  });
  const root = keys.has("/.zmetadata") ? "/.zmetadata" : "/zarr.json";
  return isConsolidated ? [...seeds, { keys, documents: [root] }] : seeds;
}

function elements(name: string): Keys {
  const path = new URL(`../golden/fixtures/zarr/elements-${name}.json`, import.meta.url);
  const { keys } = JSON.parse(readFileSync(path, "utf8")) as { keys: Record<string, string> };
  return new Map(
    Object.entries(keys).map(([key, text]) => [key, new Uint8Array(Buffer.from(text, "base64"))]),
  );
}

function namesOf(keys: Keys): string[] {
  const found = [...keys.keys()].map((key) => /^\/([^/]+)\/(?:zarr\.json|\.zarray)$/.exec(key)?.[1]);
  return found.filter((name) => name !== undefined);
}

describe.each([
  ["version 2", packedZarr(2).keys, elements("v2")],
  ["version 3", packedZarr(3).keys, elements("v3")],
])("damaged Zarr metadata, %s", (version, packed, rare) => {
  const seeds = [...seedsOf(packed, namesOf(packed), true), ...seedsOf(rare, namesOf(rare), false)];

  it("are read or refused", { timeout: TIMEOUT }, async () => {
    await storm(version, (random) => {
      const seed = random.pick(seeds);
      const key = random.pick(seed.documents);
      const text = Buffer.from(seed.keys.get(key) ?? new Uint8Array()).toString();
      const changed = random.chance(0.7)
        ? Buffer.from(mutateJson(text, random))
        : mutateBytes(Buffer.from(text), random);
      const store = new MemoryStore(new Map([...seed.keys, [key, new Uint8Array(changed)]]));
      return {
        what: `${key}: ${Buffer.from(changed).toString().slice(0, 1500)}`,
        open: () => openZarrGroup(store, REF, "/"),
      };
    });
  });
});

describe("damaged NetCDF-3 headers", () => {
  const folders = ["fixtures/", "../golden/fixtures/netcdf3/"];
  const seeds = folders.flatMap((folder) =>
    readdirSync(new URL(folder, import.meta.url))
      .filter((name) => name.endsWith(".nc"))
      .map((name) => new Uint8Array(readFileSync(new URL(folder + name, import.meta.url)))),
  );

  it("are read or refused", { timeout: TIMEOUT }, async () => {
    await storm("NetCDF-3", (random) => {
      const changed = mutateBytes(random.pick(seeds), random, "big");
      const store = new MemoryStore(new Map([["/a.nc", changed]]));
      return {
        what: Buffer.from(changed.subarray(0, 400)).toString("hex"),
        open: () => openNetcdf3(store, "/a.nc", REF),
      };
    });
  });
});

describe("damaged GeoTIFFs", () => {
  const folder = new URL("../golden/fixtures/geotiff/", import.meta.url);
  const seeds = [
    "planar",
    "cog",
    "described",
    "lambert",
    "sparse-big-endian",
    "predictor-3-float32-big",
    "bits-2",
    "jpeg-colours",
    "lerc",
    "bigtiff",
  ].map((name) => new Uint8Array(readFileSync(new URL(`${name}.tif`, folder))));

  it("are read or refused", { timeout: TIMEOUT }, async () => {
    await storm("GeoTIFF", (random) => {
      const seed = random.pick(seeds);
      const changed = mutateBytes(seed, random, seed[0] === 0x49 ? "little" : "big");
      const store = new MemoryStore(new Map([["/a.tif", changed]]));
      return {
        what: Buffer.from(changed.subarray(0, 700)).toString("hex"),
        open: () => openGeotiff(store, "/a.tif", REF, random.chance(0.2) ? "/overview_0" : "/"),
      };
    });
  });
});

describe("damaged GRIB files", () => {
  const folder = new URL("../golden/fixtures/grib/", import.meta.url);
  const seeds = readdirSync(folder)
    .filter((name) => name.endsWith(".grib"))
    .map((name) => new Uint8Array(readFileSync(new URL(name, folder))));

  it("are read or refused", { timeout: TIMEOUT }, async () => {
    await storm("GRIB", (random) => {
      const changed = mutateBytes(random.pick(seeds), random, "big");
      const store = new MemoryStore(new Map([["/a.grib", changed]]));
      return {
        what: Buffer.from(changed.subarray(0, 400)).toString("hex"),
        open: () => openGrib(store, "/a.grib", REF),
      };
    });
  });
});
