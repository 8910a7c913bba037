/**
 * Owns JSON as scientific metadata has it: integers of any size (beyond 2^53 as `bigint`), and the bare
 * `NaN`, `Infinity` and `-Infinity` that Python writes. Knows no format.
 */
import type { Attribute } from "./source.js";

/** What a JSON text holds; like an attribute. */
export type Json = Attribute;

/** Nesting beyond this is an attack or a mistake. */
const DEEPEST = 500;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\]|\\[^])*"/y;
const SPACE = /[ \t\n\r]*/y;
const WORDS: ReadonlyArray<readonly [string, Json]> = [
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
];

/** Whether only the exact parser reads this text right: long digit runs, or bare NaN or Infinity. */
const NEEDS_CARE = /\d{16}|(?:NaN|Infinity)\s*(?:[,\]}]|$)/;

/** Parses a JSON text. @throws SyntaxError, which says where */
export function parseExactJson(text: string): Json {
  // the engine's parser is ten times as fast; consolidated metadata can have megabytes
  if (!NEEDS_CARE.test(text)) return JSON.parse(text) as Json;
  const parser = new Parser(text);
  return parser.document();
}

/** True for a JSON object. */
export function isJsonObject(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

class Parser {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  document(): Json {
    const value = this.#value(0);
    this.#match(SPACE);
    if (this.#at < this.#text.length) throw this.#unexpected();
    return value;
  }

  #value(depth: number): Json {
    if (depth > DEEPEST) throw new SyntaxError(`nested deeper than ${DEEPEST}`);
    this.#match(SPACE);
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#list(depth);
    if (first === '"') return this.#string();
    for (const [word, value] of WORDS)
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    const number = this.#match(NUMBER);
    if (number === undefined || number === "") throw this.#unexpected();
    const value = Number(number);
    return Number.isSafeInteger(value) || /[.eE]/.test(number) ? value : BigInt(number);
  }

  #object(depth: number): Json {
    const object: Record<string, Json> = {};
    this.#at++;
    if (this.#took("}")) return object;
    do {
      this.#match(SPACE);
      const key = this.#string();
      if (!this.#took(":")) throw this.#unexpected();
      const value = this.#value(depth + 1);
      // not by assignment: a key "__proto__" must stay a key
      Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
    } while (this.#took(","));
    if (!this.#took("}")) throw this.#unexpected();
    return object;
  }

  #list(depth: number): Json {
    const list: Json[] = [];
    this.#at++;
    if (this.#took("]")) return list;
    do list.push(this.#value(depth + 1));
    while (this.#took(","));
    if (!this.#took("]")) throw this.#unexpected();
    return list;
  }

  #string(): string {
    const literal = this.#match(STRING);
    if (literal === undefined) throw this.#unexpected();
    return JSON.parse(literal) as string;
  }

  #took(sign: string): boolean {
    this.#match(SPACE);
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at = pattern.lastIndex;
    return found;
  }

  #unexpected(): SyntaxError {
    const found = this.#at < this.#text.length ? JSON.stringify(this.#text[this.#at]) : "the end";
    return new SyntaxError(`unexpected ${found} at character ${this.#at}`);
  }
}

/**
 * The JSON text of a value. `bigint`s become integers; NaN and the infinities become the bare words that
 * Python writes and reads, since JSON has none; numbers beyond 2^53 are floats, and have an exponent. `undefined` members are left out.
 * @param indent spaces for each level; 0 for one line
 */
export function printExactJson(value: unknown, indent = 0, margin = ""): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  // in plain digits, a large float such as the fill value 1e20 would be read back as an integer
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value))
    return value.toExponential();
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = margin + " ".repeat(indent);
  const around = (open: string, parts: string[], close: string): string => {
    if (parts.length === 0 || indent === 0) return open + parts.join(", ") + close;
    return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${margin}${close}`;
  };
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const list: unknown[] = Array.from(value as unknown as ArrayLike<unknown>);
    return around(
      "[",
      list.map((one) => printExactJson(one, indent, inner)),
      "]",
    );
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${JSON.stringify(key)}: ${printExactJson(member, indent, inner)}`);
  return around("{", members, "}");
}
