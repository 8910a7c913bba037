/** Live: native numcodecs reads what we write, and we read what it writes. Runs where there is a Python with it. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { codecOf } from "@hyperslab/codecs/registry";
import { crc32 } from "@hyperslab/codecs/checksum";
import { findPython } from "../golden/python.js";
import { KINDS, sample } from "./samples.js";

const PYTHON = findPython();

const SCRIPT = `
import sys, json, base64, zlib, numcodecs
import numpy as np
out = []
for case in json.load(sys.stdin):
    codec = numcodecs.get_codec(case["config"])
    raw = bytes(codec.decode(base64.b64decode(case["bytes"])))
    typed = np.frombuffer(raw, "V%d" % case["itemSize"])
    out.append({"crc": zlib.crc32(raw), "bytes": base64.b64encode(bytes(codec.encode(typed))).decode()})
json.dump(out, sys.stdout)
`;

interface Case {
  readonly config: Record<string, unknown>;
  readonly itemSize: number;
  readonly raw: Uint8Array;
}

function cases(): Case[] {
  const configs: Record<string, unknown>[] = [
    ...[2, 3, 4, 5, 6, 7, 8, 9, 10].map((level) => ({ id: "zstd", level })),
    { id: "zstd", level: 1, checksum: true },
    { id: "lz4", acceleration: 2 },
    { id: "zlib", level: 4 },
    { id: "gzip", level: 4 },
    { id: "shuffle", elementsize: 4 },
    { id: "crc32" },
    { id: "crc32c" },
    { id: "adler32" },
    { id: "fletcher32" },
  ];
  for (const cname of ["lz4", "lz4hc", "zlib", "zstd", "blosclz"])
    for (const shuffle of [0, 1, 2])
      for (const clevel of [1, 5, 9]) configs.push({ id: "blosc", cname, shuffle, clevel });
  const all: Case[] = [];
  for (const config of configs)
    for (const kind of KINDS)
      for (const itemSize of config["id"] === "blosc" ? [1, 2, 4, 8, 12] : [4])
        for (const count of [3, 1000, 9001])
          all.push({ config, itemSize, raw: sample(kind, count * itemSize) });
  return all;
}

describe.skipIf(PYTHON === null)("native numcodecs", () => {
  it("reads what we write, and writes what we read", { timeout: 120_000 }, async () => {
    const all = cases();
    const codecs = all.map(({ config: { id, ...configuration }, itemSize }) =>
      codecOf({ name: String(id), configuration }, { itemSize, littleEndian: true }),
    );
    const sent = await Promise.all(
      all.map(async ({ config, itemSize, raw }, i) => ({
        config,
        itemSize,
        bytes: Buffer.from(await codecs[i].encode(raw)).toString("base64"),
      })),
    );
    const { stdout, stderr } = spawnSync(PYTHON ?? "", ["-c", SCRIPT], {
      input: JSON.stringify(sent),
      maxBuffer: 2 ** 30,
      encoding: "utf8",
    });
    expect(stdout, stderr).not.toBe("");
    const replies = JSON.parse(stdout) as { crc: number; bytes: string }[];
    for (const [i, { crc, bytes }] of replies.entries()) {
      const { config, itemSize, raw } = all[i];
      const title = `${JSON.stringify(config)}, ${raw.length} bytes of elements of ${itemSize}`;
      expect(crc, title).toBe(crc32(raw));
      const decoded = await codecs[i].decode(new Uint8Array(Buffer.from(bytes, "base64")), raw.length);
      expect(Buffer.compare(decoded, raw), title).toBe(0);
    }
  });
});
