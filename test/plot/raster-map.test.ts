import { isHyperslabError } from "@hyperslab/core/errors";
import { colourOf } from "@hyperslab/plot/colormap";
import { toPng } from "@hyperslab/plot/png";
import { drawMap } from "@hyperslab/plot/raster-map";
import { ticks } from "@hyperslab/plot/ticks";
import { decode } from "fast-png";
import { describe, expect, it } from "vitest";

const x = Float64Array.of(0, 90, 180, 270);
const pixel = (canvas: { width: number; data: Uint8Array }, i: number, j: number): number[] => [
  ...canvas.data.subarray((j * canvas.width + i) * 4, (j * canvas.width + i) * 4 + 3),
];

describe("raster map", () => {
  it("puts north up, whichever way the axis runs, and shows missing cells in grey", () => {
    const values = Float32Array.of(0, 0, 0, NaN, 1, 1, 1, 1);
    const rising = drawMap({ values, x, y: Float64Array.of(-45, 45) }, { width: 400 });
    const falling = drawMap(
      { values: Float32Array.of(1, 1, 1, 1, 0, 0, 0, NaN), x, y: Float64Array.of(45, -45) },
      { width: 400 },
    );
    expect(Buffer.compare(rising.data, falling.data)).toBe(0);
    expect(pixel(rising, 60, 50)).toEqual([...colourOf("viridis", 1)]);
    expect(pixel(rising, 60, rising.height - 45)).toEqual([...colourOf("viridis", 0)]);
    expect(pixel(rising, 435, rising.height - 45)).toEqual([205, 205, 200]);
  });
  it("is a PNG of the same pixels", () => {
    const canvas = drawMap({ values: Float32Array.of(1, 2, 3, 4), x, y: [0] }, { title: "t", label: "K" });
    const image = decode(toPng(canvas));
    expect([image.width, image.height]).toEqual([canvas.width, canvas.height]);
    expect(Buffer.compare(Buffer.from(image.data.buffer), canvas.data)).toBe(0);
  });
  it("refuses values that don't fit the axes, and unknown colour maps", () => {
    const draw = (): unknown => drawMap({ values: [1, 2, 3], x, y: [0] });
    expect(draw).toThrow("a map of 1 by 4 cells: 3 values");
    try {
      colourOf("jet", 0);
    } catch (error) {
      expect(isHyperslabError(error, "ArgumentError")).toBe(true);
    }
  });
});

describe("ticks", () => {
  it("stand on round numbers", () => {
    expect(ticks(-1.2, 30.4, 6).map((tick) => tick.text)).toEqual(["0", "10", "20", "30"]);
    expect(ticks(20, 380, 7).map((tick) => tick.value)).toEqual([60, 120, 180, 240, 300, 360]);
    expect(ticks(0, 0.01, 5).map((tick) => tick.text)).toEqual([
      "0.000",
      "0.002",
      "0.004",
      "0.006",
      "0.008",
      "0.010",
    ]);
    expect(ticks(5, 5, 5)).toEqual([{ value: 5, text: "5" }]);
  });
});
