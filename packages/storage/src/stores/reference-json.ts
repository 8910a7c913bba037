/**
 * Owns Kerchunk's references as JSON, version 0 and 1: which key is which bytes of which file. Reads nothing.
 */
import { FormatError } from "@hyperslab/core/errors";
import { type Json, isJsonObject, parseExactJson, printExactJson } from "../exact-json.js";
import { type Names, type Template, type TemplateValue, compileTemplate } from "./reference-template.js";

/** What a key stands for: bytes, a whole file, or a part of one. */
export type Reference =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "whole"; readonly url: string }
  | { readonly kind: "part"; readonly url: string; readonly offset: number; readonly length: number };

/** References by key. */
export interface ReferenceIndex {
  find(key: string): Promise<Reference | undefined>;
  /** Keys, as far as they can be told without reading more; chunks may be missing among them. */
  keys(): Iterable<string>;
}

/** More generated references than this are taken for a mistake. */
const MOST_GENERATED = 20_000_000;

/** True for what {@link parseReferences} takes: told from the names in it. */
function looksLikeReferences(json: unknown): boolean {
  if (!isJsonObject(json)) return false;
  if (isJsonObject(json["refs"]) || Array.isArray(json["gen"])) return true;
  return Object.keys(json).some((key) =>
    /(?:^|\/)(?:\.z(?:group|array|metadata|attrs)|zarr\.json)$/.test(key),
  );
}

/** Parses a file of references. @throws FormatError */
export function parseReferences(path: string, bytes: Uint8Array): ReferenceIndex {
  const fail = (reason: string, cause?: unknown): FormatError =>
    new FormatError({ path, format: "Kerchunk references", reason, cause });
  const text = new TextDecoder().decode(bytes);
  let json: Json;
  try {
    json = parseQuickly(text);
  } catch (cause) {
    throw fail(`not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (!looksLikeReferences(json) || !isJsonObject(json))
    throw new FormatError({
      path,
      format: "a dataset",
      reason: "it is JSON, and no Kerchunk references",
      hint: 'those have "refs", or keys such as ".zgroup"',
    });
  const isVersioned = isJsonObject(json["refs"]) || "gen" in json;
  if (isVersioned && json["version"] !== undefined && json["version"] !== 1)
    throw fail(`version ${String(json["version"])} isn't known`);
  const entries = isVersioned ? json["refs"] : json;
  const refs = new Map(isJsonObject(entries) ? Object.entries(entries) : []);
  // documents as objects have to keep their long integers
  if ([...refs.values()].some(isJsonObject)) {
    const exact = parseExactJson(text) as { readonly [key: string]: Json };
    const again = isVersioned ? exact["refs"] : exact;
    if (isJsonObject(again)) for (const [key, value] of Object.entries(again)) refs.set(key, value);
  }
  try {
    const names = isVersioned ? templateNames(json["templates"]) : new Map<string, TemplateValue>();
    if (isVersioned) for (const [key, value] of generated(json["gen"], names)) refs.set(key, value);
    return indexOf(refs, names, fail);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw fail(cause.message, cause);
    throw cause;
  }
}

/** The engine's parser wherever it will do: such files are large. */
function parseQuickly(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return parseExactJson(text);
  }
}

function templateNames(json: Json | undefined): Names {
  const names = new Map<
    string,
    TemplateValue | ((named: Readonly<Record<string, TemplateValue>>) => string)
  >();
  if (!isJsonObject(json)) return names;
  for (const [name, value] of Object.entries(json)) {
    const text = String(value);
    if (!text.includes("{{")) names.set(name, text);
    else {
      const template = compileTemplate(text);
      names.set(name, (named) => template(new Map([...names, ...Object.entries(named)])));
    }
  }
  return names;
}

function* generated(json: Json | undefined, names: Names): Generator<[string, Json]> {
  if (!Array.isArray(json)) return;
  for (const one of json as readonly Json[]) {
    if (!isJsonObject(one)) throw new SyntaxError("an entry of gen is no object");
    const template = (member: string): Template | undefined =>
      one[member] === undefined ? undefined : compileTemplate(String(one[member]));
    const [key, url, offset, length] = ["key", "url", "offset", "length"].map(template);
    if (!key || !url) throw new SyntaxError("an entry of gen has no key or no url");
    if ((offset === undefined) !== (length === undefined))
      throw new SyntaxError("an entry of gen has one of offset and length");
    const dimensions = isJsonObject(one["dimensions"]) ? Object.entries(one["dimensions"]) : [];
    const axes = dimensions.map(([name, range]): [string, TemplateValue[]] => [name, valuesOf(name, range)]);
    const count = axes.reduce((product, [, values]) => product * values.length, 1);
    if (count > MOST_GENERATED) throw new SyntaxError(`gen makes ${count} references`);
    for (let i = 0; i < count; i++) {
      const here = new Map(names);
      let rest = i;
      for (const [name, values] of axes.toReversed()) {
        here.set(name, values[rest % values.length]);
        rest = Math.floor(rest / values.length);
      }
      const part = offset && length ? [integerIn(offset(here)), integerIn(length(here))] : [];
      yield [key(here), [url(here), ...part]];
    }
  }
}

/** The values of a dimension: a list, or Python's range. */
function valuesOf(name: string, range: Json): TemplateValue[] {
  const asValue = (value: Json): TemplateValue => {
    if (typeof value === "string" || typeof value === "bigint") return value;
    if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
    throw new SyntaxError(`dimension "${name}" of gen has a value that is neither number nor text`);
  };
  if (Array.isArray(range)) return (range as readonly Json[]).map(asValue);
  const { start = 0, stop, step = 1 } = isJsonObject(range) ? range : {};
  if (![start, stop, step].every(Number.isInteger) || step === 0)
    throw new SyntaxError(`dimension "${name}" of gen has no whole start, stop and step`);
  const [from, to, by] = [Number(start), Number(stop), Number(step)];
  const count = Math.max(0, Math.ceil((to - from) / by));
  if (count > MOST_GENERATED) throw new SyntaxError(`dimension "${name}" of gen has ${count} values`);
  return Array.from({ length: count }, (_, i) => BigInt(from + i * by));
}

function integerIn(text: string): number {
  if (/^\s*\d+\s*$/.test(text)) return Number(text);
  throw new SyntaxError(`gen makes "${text}" where a whole number is wanted`);
}

function indexOf(
  refs: ReadonlyMap<string, Json>,
  names: Names,
  fail: (reason: string, cause?: unknown) => FormatError,
): ReferenceIndex {
  const resolve = (url: string): string => {
    if (!url.includes("{{")) return url;
    try {
      return compileTemplate(url)(names);
    } catch (cause) {
      throw fail(cause instanceof Error ? cause.message : String(cause), cause);
    }
  };
  return {
    keys: () => refs.keys(),
    async find(key) {
      const value = refs.get(key);
      if (value === undefined || value === null) return undefined;
      if (typeof value === "string") return { kind: "inline", bytes: inlineBytes(value) };
      if (isJsonObject(value))
        return { kind: "inline", bytes: new Uint8Array(Buffer.from(printExactJson(value))) };
      if (Array.isArray(value) && typeof value[0] === "string") {
        const [url, offset, length, ...more] = value as readonly Json[];
        if (value.length === 1) return { kind: "whole", url: resolve(String(url)) };
        if (isPlace(offset) && isPlace(length) && more.length === 0)
          return { kind: "part", url: resolve(String(url)), offset, length };
      }
      throw fail(`"${key}" is none of "text", ["url"] and ["url", offset, length]`);
    },
  };
}

function isPlace(value: Json | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Text as UTF-8, or bytes behind `base64:`; in memory of their own, as short Buffers aren't. */
function inlineBytes(text: string): Uint8Array {
  return new Uint8Array(
    text.startsWith("base64:") ? Buffer.from(text.slice(7), "base64") : Buffer.from(text),
  );
}
