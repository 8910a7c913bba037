import { type Json, parseExactJson, printExactJson } from "@hyperslab/storage/exact-json";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("parseExactJson", () => {
  it("keeps large integers, and only those, as bigints", () => {
    expect(parseExactJson("[9007199254740993, -9223372036854775808, 9007199254740991, 1e19, 1.0]")).toEqual([
      9007199254740993n,
      -9223372036854775808n,
      9007199254740991,
      1e19,
      1,
    ]);
    expect(parseExactJson('{"a": 1e3, "b": 1.5, "c": "12345678901234567890"}')).toEqual({
      a: 1000,
      b: 1.5,
      c: "12345678901234567890",
    });
  });
  it("reads back what was printed: floats as floats, integers as integers", () => {
    for (const value of [1e20, -1e20, 9.96921e36, 2 ** 53, 2n ** 63n - 1n, 9007199254740991, -0.1, 1.5e-300])
      expect(parseExactJson(printExactJson({ value }))).toEqual({ value });
    expect(printExactJson([1e20, 10n ** 20n])).toBe("[1e+20, 100000000000000000000]");
  });
  it("reads the bare words of Python", () => {
    expect(parseExactJson('{"a": NaN, "b": [Infinity, -Infinity], "c": "NaN"}')).toEqual({
      a: NaN,
      b: [Infinity, -Infinity],
      c: "NaN",
    });
    expect(parseExactJson(" NaN ")).toBeNaN();
  });
  it("is no way to a prototype", () => {
    const read = parseExactJson('{"__proto__": {"polluted": NaN}}') as Record<string, Json>;
    expect(Object.keys(read)).toEqual(["__proto__"]);
    expect(read["polluted"]).toBeUndefined();
  });
  it("reads what JSON.parse reads", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        // the word at the end makes the exact parser do it
        const exact = parseExactJson(`[${text}, NaN]`) as Json[];
        expect(rounded(exact[0])).toEqual(JSON.parse(text));
      }),
    );
  });
  it.each([
    "[1,]",
    "{",
    '{"a" 1}',
    "[NaN",
    "NaN, 1",
    "[01, NaN]",
    '["\u0001", NaN]',
    '{"a": NaN,}',
    "[--1, NaN]",
    "",
  ])("refuses %j", (text) => {
    expect(() => parseExactJson(text)).toThrow(SyntaxError);
  });
  it("refuses nesting without end", () => {
    expect(() => parseExactJson("[".repeat(100_000) + "NaN")).toThrow(SyntaxError);
  });
});

/** With large integers as the numbers that JSON.parse makes of them. */
function rounded(value: Json): Json {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(rounded);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rounded(member)]));
}

describe("printExactJson", () => {
  it("prints what it reads again", () => {
    const value = {
      text: 'é"\n',
      list: [1, -0.5, 2n ** 63n, NaN, -Infinity, null, true, [], {}],
      nested: { a: { b: [] } },
    };
    for (const indent of [0, 2]) expect(parseExactJson(printExactJson(value, indent))).toEqual(value);
    expect(printExactJson({ a: [1, 2], b: undefined }, 2)).toBe('{\n  "a": [\n    1,\n    2\n  ]\n}');
    expect(printExactJson({ a: [1, 2] })).toBe('{"a": [1, 2]}');
  });
  it("prints typed arrays as lists", () => {
    expect(printExactJson(BigInt64Array.of(1n, -(2n ** 62n)))).toBe("[1, -4611686018427387904]");
  });
});
