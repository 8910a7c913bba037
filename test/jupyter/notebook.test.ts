import type { Kernel } from "@hyperslab/jupyter/kernel";
import { notebook } from "@hyperslab/jupyter/notebook";
import { DataArray, Dataset, dataArray } from "hyperslab";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const shown: string[] = [];
const display = {
  html: (text: string) => void shown.push(text),
  text: () => undefined,
  png: () => void shown.push("png"),
};
const kernel: Kernel = { display, newDisplay: () => display };

const types = [Dataset, DataArray] as const;
const before = types.map((type) => Object.getOwnPropertyDescriptor(type.prototype, inspect.custom));
let nb: ReturnType<typeof notebook>;
beforeAll(() => {
  nb = notebook(kernel);
});
afterAll(() => {
  for (const [i, type] of types.entries()) {
    delete (type.prototype as unknown as Record<symbol, unknown>)[inspect.custom];
    const old = before[i];
    if (old) Object.defineProperty(type.prototype, inspect.custom, old);
  }
});

describe("in a notebook", () => {
  const array = dataArray([1, 2, 3], { dims: "x", name: "a<b" });
  it("the last expression of a cell is shown as a table", () => {
    expect(inspect(array)).toBe("DataArray (x: 3)");
    expect(shown.pop()).toContain("a&lt;b");
  });
  it("progress moves in its cell, with its title escaped", () => {
    const bar = nb.progress("<mean>");
    bar({ kind: "started", tasks: 4, stages: [] });
    bar({ kind: "finished", task: 3, stage: 0, done: 4, tasks: 4 });
    expect(shown.pop()).toContain('&#60;mean&#62;</span><progress value="1"');
  });
  it("there has to be a kernel", () => {
    expect(() => notebook()).toThrow("no tslab kernel around this code");
  });
});
