/** Owns the check of answers to requests for ranges: are these the bytes that were asked for? */
import { StorageError } from "@hyperslab/core/errors";
import type { RangeQuery, StoreFacts } from "../store.js";
import { type HttpAnswer, rangeHeader } from "./http-client.js";

/** The size of the whole value that a Content-Range tells, if it does. */
export function sizeInContentRange(headers: Headers): number | undefined {
  const total = /^bytes [^/]*\/(\d+)$/.exec(headers.get("content-range") ?? "");
  return total ? Number(total[1]) : undefined;
}

/** Servers that were complained about. */
const warned: Set<string> = new Set();

/**
 * The bytes of `range` out of an answer of 200 or 206.
 * @throws StorageError for other bytes than those asked for
 */
export function checkedRange(path: string, range: RangeQuery, answer: HttpAnswer): Uint8Array {
  const wanted = "suffixLength" in range ? range.suffixLength : range.length;
  const offset = "offset" in range ? range.offset : undefined;
  if (answer.status !== 206) {
    complainOnce(path);
    if (answer.body.length === wanted) return answer.body;
    throw new StorageError({
      path,
      reason: `the range goes past the end: the value has ${answer.length} bytes`,
      hint: "the value is truncated, or what points into it is wrong",
      offset: offset ?? answer.length - wanted,
      length: wanted,
    });
  }
  const told = answer.headers.get("content-range") ?? "";
  const content = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(told);
  const total = sizeInContentRange(answer.headers);
  const expected = offset ?? (total === undefined ? Number(content?.[1]) : total - wanted);
  const isRight =
    content !== null &&
    Number(content[1]) === expected &&
    Number(content[2]) === expected + wanted - 1 &&
    answer.body.length === wanted;
  if (isRight) return answer.body;
  const sent = answer.body.length > wanted ? `more than ${wanted}` : String(answer.body.length);
  throw new StorageError({
    path,
    reason: `asked for ${rangeHeader(range)}, the server sent ${sent} bytes as "${told}"`,
    hint: "the value is shorter than what points into it, or the server is broken",
    ...(Number.isFinite(expected) && expected >= 0 ? { offset: expected } : {}),
    length: wanted,
  });
}

function complainOnce(path: string): void {
  const { protocol, host } = new URL(path);
  const server = `${protocol}//${host}`;
  if (warned.has(server)) return;
  warned.add(server);
  process.emitWarning(
    `${server} ignores Range: of each value all is sent, up to the part that is needed`,
    "HyperslabWarning",
  );
}

/** What an answer's headers say of the version of a value. */
export function factsIn(headers: Headers, size: number): StoreFacts {
  const modified = Date.parse(headers.get("last-modified") ?? "");
  const tag = headers.get("etag");
  return { size, ...(Number.isNaN(modified) ? {} : { modified }), ...(tag ? { tag } : {}) };
}
