/** Owns the little XML that S3 speaks: listings, refusals, lists of keys to remove. Knows no requests. */

/** What a page of a listing says. Keys are whole keys of the bucket. */
export interface S3Page {
  readonly keys: readonly string[];
  /** Ends of folders: they end in "/". */
  readonly prefixes: readonly string[];
  /** What to ask the next page with; undefined on the last. */
  readonly next: string | undefined;
}

/** The text in the first element of this name. */
export function textOf(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml);
  return found ? unescapeXml(found[1]) : undefined;
}

/** A page of ListObjectsV2 that was asked for with `encoding-type=url`. */
export function parsePage(xml: string): S3Page {
  const isEncoded = textOf(xml, "EncodingType") === "url";
  const decode = (text: string): string => {
    const plain = unescapeXml(text);
    return isEncoded ? decodeURIComponent(plain.replaceAll("+", "%20")) : plain;
  };
  const inside = (outer: string, inner: string): string[] =>
    [...xml.matchAll(new RegExp(`<${outer}>([^]*?)</${outer}>`, "g"))].flatMap(([, content]) => {
      const found = new RegExp(`<${inner}>([^<]*)</${inner}>`).exec(content);
      return found ? [decode(found[1])] : [];
    });
  const isCut = textOf(xml, "IsTruncated") === "true";
  return {
    keys: inside("Contents", "Key"),
    prefixes: inside("CommonPrefixes", "Prefix"),
    next: isCut ? textOf(xml, "NextContinuationToken") : undefined,
  };
}

/** The body of DeleteObjects. */
export function deleteBody(keys: readonly string[]): string {
  const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`);
  return `<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects.join("")}</Delete>`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r\n\t]/g, (char) => `&#${char.charCodeAt(0)};`);
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED[String(name)] ?? String(whole);
    const code = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : String(whole);
  });
}
