import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dataset, openGroups } from "hyperslab";
import { afterAll, beforeAll, expect, it } from "vitest";

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hyperslab-groups-"));
  const one = dataset({ a: [["x"], [1, 2]] }, { attrs: { level: 0 } });
  const path = join(folder, "tree.zarr");
  await one.toZarr(path);
  await one.rename({ a: "b" }).toZarr(join(path, "inner"));
  await one.rename({ a: "c" }).toZarr(join(path, "inner", "deep"));
  for (const place of [path, join(path, "inner")]) {
    const file = join(place, "zarr.json");
    const json = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    delete json["consolidated_metadata"];
    writeFileSync(file, JSON.stringify(json));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("opens every group by its path", async () => {
  const groups = await openGroups(join(folder, "tree.zarr"));
  expect([...groups].map(([path, ds]) => [path, ds.names])).toEqual([
    ["/", ["a"]],
    ["/inner", ["b"]],
    ["/inner/deep", ["c"]],
  ]);
  const below = await openGroups(join(folder, "tree.zarr"), { group: "inner", chunks: { x: 1 } });
  expect([...below.keys()]).toEqual(["/", "/deep"]);
  expect(below.get("/deep")?.get("c").chunks).toEqual({ x: [1, 1] });
});
