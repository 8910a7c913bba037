import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isHyperslabError } from "@hyperslab/core/errors";
import { spillDirectory, spillText } from "@hyperslab/executor/spill-directory";
import { describe, expect, it } from "vitest";

const on = (type: number) => async () => ({ type, bsize: 4096, bavail: 1_000_000 });

describe("the directory that blocks are spilled to", () => {
  it("is named with its file system and the bytes that may stand there", async () => {
    const path = await mkdtemp(join(tmpdir(), "hyperslab-test-"));
    try {
      const found = await spillDirectory({ path: join(path, "a", "b"), statfs: on(0x58465342) });
      expect(found).toEqual({ path: join(path, "a", "b"), fileSystem: "xfs", limit: 3_276_800_000 });
      expect(spillText(found)).toBe(`${join(path, "a", "b")} (xfs, up to 3.1 GiB)`);
      expect((await spillDirectory({ path, limit: 1000, statfs: on(7) })).fileSystem).toBe("file system 0x7");
    } finally {
      await rm(path, { recursive: true });
    }
  });

  it("is refused where it is backed by memory, or can't be made", async () => {
    for (const type of [0x01021994, 0x858458f6, 0x858458f6 | 0]) {
      const refused = await spillDirectory({ path: tmpdir(), statfs: on(type) }).catch((e: unknown) => e);
      expect(isHyperslabError(refused, "StorageError") && refused.message).toMatch(
        /stay in memory: it is (tmpfs|ramfs)/,
      );
    }
    const refused = await spillDirectory({ path: "/proc/none" }).catch((e: unknown) => e);
    expect(isHyperslabError(refused, "StorageError") && refused.message).toMatch(/HYPERSLAB_SPILL/);
  });
});
