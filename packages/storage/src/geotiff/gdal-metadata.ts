/**
 * Owns GDAL's own tag of TIFF files: an XML list of items, of which those about scale, offset, unit and description of
 * the bands have a meaning. Knows nothing else of XML.
 */
import type { Attribute } from "../source.js";

const ITEM = /<Item\s+([^>]*?)(?:\/>|>([^<]*)<\/Item>)/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * Attributes in xarray's words: `scale_factor`, `add_offset`, `long_name`, `units` (`scales` … where bands
 * differ, as rioxarray has them), and every other item by its own name. Of the bands' items, those of the first.
 */
export function gdalMetadata(xml: string): Record<string, Attribute> {
  const plain: [string, Attribute][] = [];
  const roles = new Map<string, Map<number, string>>();
  for (const [, head, body = ""] of xml.matchAll(ITEM)) {
    const name = textOf(head, "name");
    if (name === undefined) continue;
    const sample = Number(textOf(head, "sample") ?? -1);
    const role = textOf(head, "role");
    // GDAL escapes them twice
    const text = unescape(unescape(body));
    if (role !== undefined && sample >= 0) {
      let bands = roles.get(role);
      if (!bands) roles.set(role, (bands = new Map()));
      bands.set(sample, text);
    } else if (sample <= 0 && textOf(head, "domain") === undefined) plain.push([name, text]);
  }
  const numbers = (role: string): number[] =>
    [...(roles.get(role) ?? new Map<number, string>())].sort(byBand).map(([, text]) => Number(text));
  const texts = (role: string): string[] =>
    [...(roles.get(role) ?? new Map<number, string>())].sort(byBand).map(([, text]) => text);
  const one = <T extends Attribute>(list: readonly T[], name: string, several: string): void => {
    if (list.length === 0) return;
    if (list.every((value) => value === list[0])) plain.push([name, list[0]]);
    else plain.push([several, list]);
  };
  const [scales, offsets] = [numbers("scale"), numbers("offset")];
  if (scales.some((scale) => scale !== 1) || offsets.some((offset) => offset !== 0)) {
    one(scales, "scale_factor", "scales");
    one(offsets, "add_offset", "offsets");
  }
  one(texts("unittype"), "units", "units");
  one(texts("description"), "long_name", "long_name");
  return Object.fromEntries(plain);
}

function byBand(a: readonly [number, string], b: readonly [number, string]): number {
  return a[0] - b[0];
}

function textOf(head: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(head)?.[1];
  return found === undefined ? undefined : unescape(found);
}

function unescape(text: string): string {
  return text.replace(/&(#x?)?(\w+);/g, (whole, code: string | undefined, name: string) => {
    if (code === undefined) return ENTITIES[name] ?? whole;
    const point = Number.parseInt(name, code === "#x" ? 16 : 10);
    return point >= 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
