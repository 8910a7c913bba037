import { literal, rechunk } from "@hyperslab/array/build";
import { positions, slice } from "@hyperslab/core/box";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import { selectNode, viewNode } from "hyperslab/in-memory";
import { toBlock } from "hyperslab/ndarray";
import { expect, it } from "vitest";

const node = literal(
  toBlock([
    [1, 2, 3],
    [4, 5, 6],
  ]),
);

it("selects in memory at once", () => {
  const picked = selectNode(node, [slice(1, 1), positions([2, 0])]);
  expect(picked).toMatchObject({ kind: "literal", shape: [1, 2] });
  expect(picked.kind === "literal" && picked.block.data).toEqual(Float64Array.of(6, 4));
  expect(selectNode(node, [slice(0, 2), slice(0, 3)])).toBe(node);
});

it("selects backwards, strings and nothing", () => {
  const words = literal(toBlock(["a", "b", "c"]));
  const back = selectNode(words, [slice(2, 3, -1)]);
  expect(back.kind === "literal" && back.block.data).toEqual(["c", "b", "a"]);
  expect(selectNode(words, [slice(0, 0)])).toMatchObject({ kind: "literal", shape: [0] });
});

it("turns axes in memory, without a copy where their order stays", () => {
  const turned = viewNode(node, [1, 0]);
  expect(turned.kind === "literal" && turned.block.data).toEqual(Float64Array.of(1, 4, 2, 5, 3, 6));
  const wider = viewNode(node, [null, 0, 1]);
  expect(wider.kind === "literal" && wider.block.data).toBe(node.kind === "literal" ? node.block.data : null);
});

it("leaves lazy nodes lazy", () => {
  const lazy = rechunk(node, regularGrid([2, 3], [1, 3]));
  expect(selectNode(lazy, [slice(0, 1), slice(0, 3)]).kind).toBe("select");
  expect(viewNode(lazy, [1, 0]).kind).toBe("view");
});
