import { ProtocolError } from "@hyperslab/core/errors";
import { type Plan, outlineOf } from "@hyperslab/core/plan";
import type { Program } from "@hyperslab/core/program";
import {
  dataFromBytes,
  dataToBytes,
  outlineFromBytes,
  outlineToBytes,
  programFromBytes,
  programToBytes,
} from "@hyperslab/protocol/program-bytes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { heavyPlan } from "../cluster/plans.js";

const roundTrip = (data: unknown): unknown => dataFromBytes(dataToBytes(data));

describe("data", () => {
  it("keeps typed arrays, their type and their values", () => {
    const arrays = [
      Int8Array.of(-1),
      Uint8Array.of(255),
      Int16Array.of(-300),
      Uint16Array.of(60_000),
      Int32Array.of(-70_000),
      Uint32Array.of(4e9),
      BigInt64Array.of(-(2n ** 63n)),
      BigUint64Array.of(2n ** 64n - 1n),
      Float32Array.of(1.5, Number.NaN),
      Float64Array.of(Math.PI, -0),
      new Float64Array(new SharedArrayBuffer(16), 8, 1),
      new Uint16Array(0),
    ];
    const back = roundTrip(arrays) as typeof arrays;
    arrays.forEach((array, i) => {
      expect(back[i].constructor).toBe(array.constructor);
      expect(Array.from(back[i] as Float64Array)).toEqual(Array.from(array as Float64Array));
    });
  });

  it("keeps every number as it is", () => {
    const numbers = [0, -0, 1, -1, 0.1, 2 ** 40, 2 ** 53, Number.NaN, Infinity, -Infinity, 5e-324];
    const bigs = [0n, 5n, -(2n ** 63n), 2n ** 64n - 1n, 10n ** 30n];
    const back = roundTrip([...numbers, ...bigs]) as unknown[];
    [...numbers, ...bigs].forEach((value, i) => expect(Object.is(back[i], value)).toBe(true));
  });

  it("keeps objects with awkward keys, and leaves undefined out", () => {
    const data = { "~": ["bigint", "5"], nested: { "~": 1 }, "": null, a: undefined };
    const { a: _a, ...expected } = data;
    expect(roundTrip(data)).toEqual(expected);
    expect(Object.keys(roundTrip(JSON.parse('{"__proto__": {"x": 1}}')) as object)).toEqual(["__proto__"]);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it("keeps any JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(roundTrip(value)).toEqual(value);
      }),
    );
  });

  it("refuses what is not data", () => {
    for (const value of [() => 1, Symbol("x"), new Date(), new Map(), { deep: [new Set()] }])
      expect(() => dataToBytes(value)).toThrow(ProtocolError);
  });
});

describe("programs and outlines", () => {
  it("come back as they went", () => {
    const plan = heavyPlan({ blocks: 3 });
    for (const { program } of plan.stages) expect(programFromBytes(programToBytes(program))).toEqual(program);
    expect(outlineFromBytes(outlineToBytes(outlineOf(plan)))).toEqual(outlineOf(plan));
  });

  it("carry literals of strings, and selections by position", () => {
    const program: Program = {
      sources: [
        { format: "zarr", store: { kind: "http", url: "http://x/y" }, path: "t", detail: { "~": 1 } },
      ],
      literals: [{ dtype: "string", shape: [2], data: ["é", ""] }],
      targets: [],
      steps: [
        {
          kind: "source",
          source: 0,
          selection: [{ kind: "positions", positions: Int32Array.of(3, 1, 2) }],
          shape: [3],
          fields: ["datetime64[ns]"],
        },
      ],
    };
    expect(programFromBytes(programToBytes(program))).toEqual(program);
  });

  it("are refused where they are of another form", () => {
    expect(() => programFromBytes(dataToBytes({ steps: [] }))).toThrow(ProtocolError);
    const plan: Plan = heavyPlan({ blocks: 3 });
    const outline = outlineOf(plan);
    const [heavy, sum] = outline.stages;
    const broken: unknown[] = [
      null,
      {},
      { ...outline, outputs: [2] },
      { ...outline, outputs: [0.5] },
      { ...outline, stages: [sum, heavy] },
      { ...outline, stages: [{ ...heavy, cost: { output: Number.NaN, working: 0, read: 0 } }, sum] },
      { ...outline, stages: [{ ...heavy, grid: [{ kind: "regular", length: 4, chunk: 0 }] }, sum] },
      { ...outline, stages: [{ ...heavy, name: 5 }, sum] },
      { ...outline, stages: [heavy, { ...sum, inputs: [{ stage: 0, axes: [] }] }] },
    ];
    for (const data of broken) expect(() => outlineFromBytes(dataToBytes(data))).toThrow(ProtocolError);
  });
});
