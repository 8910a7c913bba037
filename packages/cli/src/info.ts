/** Owns `hyperslab info`: what is stored, and how, without reading any data. In the manner of `ncdump -hs`. */
import { bytesText } from "@hyperslab/core/byte-text";
import { printExactJson } from "@hyperslab/storage/exact-json";
import { openGroupTree } from "@hyperslab/storage/open-group-tree";
import type { Attribute, Attributes } from "@hyperslab/storage/source";
import type { Command } from "./command.js";
import { type GroupFacts, type VariableFacts, factsOf } from "./facts.js";

/** Chunks of one array that are asked for their lengths unasked. */
const FEW_CHUNKS = 2000;

export const info: Command = {
  name: "info",
  summary: "Shows groups, dimensions, variables, chunks, codecs, sizes and attributes of a dataset.",
  arguments: ["PATH"],
  options: {
    group: { value: "NAME", help: "a group within the store, and what lies below it" },
    json: { help: "as JSON" },
    sizes: { help: `count stored bytes also of arrays with more than ${FEW_CHUNKS} chunks` },
  },
  details:
    "PATH is a Zarr store, a NetCDF, HDF5, GeoTIFF or GRIB file, or references to one, as a path or a URL. No data is read.",
  async run({ args, options, signal }) {
    const group = typeof options["group"] === "string" ? options["group"] : undefined;
    const tree = await openGroupTree(args[0], { ...(group === undefined ? {} : { group }), signal });
    const mostChunks = options["sizes"] ? Infinity : FEW_CHUNKS;
    const groups: GroupFacts[] = [];
    for (const [path, one] of tree) groups.push(await factsOf(path, one, { mostChunks, signal }));
    const format = [...tree.values()][0].format;
    console.log(
      options["json"]
        ? printExactJson({ path: args[0], format, groups }, 2)
        : infoText(args[0], format, groups),
    );
    return 0;
  },
};

/** The text of `hyperslab info`. */
function infoText(path: string, format: string, groups: readonly GroupFacts[]): string {
  const lines: string[] = [];
  for (const group of groups) {
    const isRoot = group.path === "/";
    lines.push(isRoot ? `${format} ${path} {` : `group ${group.path} {`, ...groupLines(group), "}");
  }
  const variables = groups.flatMap((group) => group.variables);
  const bytes = variables.reduce((sum, one) => sum + one.bytes, 0);
  const known = variables.every(({ storedBytes }) => storedBytes !== undefined);
  const stored = variables.reduce((sum, one) => sum + (one.storedBytes ?? 0), 0);
  lines.push(
    `// ${variables.length} variable${variables.length === 1 ? "" : "s"}${groups.length > 1 ? ` in ${groups.length} groups` : ""}, ${bytesText(bytes)} in memory${known ? `, ${bytesText(stored)} stored` : ""}`,
  );
  return lines.join("\n");
}

function groupLines(group: GroupFacts): string[] {
  const lines: string[] = [];
  if (group.dimensions.length) lines.push("dimensions:");
  for (const { name, length, unlimited } of group.dimensions)
    lines.push(`  ${name} = ${unlimited ? `UNLIMITED ; // (${length} currently)` : `${length} ;`}`);
  if (group.variables.length || Object.keys(group.leftOut).length) lines.push("variables:");
  for (const variable of group.variables) lines.push(...variableLines(variable));
  for (const [name, reason] of Object.entries(group.leftOut)) lines.push(`  // ${name}: left out, ${reason}`);
  if (Object.keys(group.attributes).length)
    lines.push(
      "",
      `// ${group.path === "/" ? "global" : "group"} attributes:`,
      ...attributeLines("", group.attributes),
    );
  return lines;
}

function variableLines(facts: VariableFacts): string[] {
  const { name, dtype, dims, chunks, chunkCount, storedChunks, codecs, shards, fillValue } = facts;
  const count = `${chunkCount} chunk${chunkCount === 1 ? "" : "s"} of (${chunks.join(", ")})`;
  const missing =
    storedChunks !== undefined && storedChunks < chunkCount ? `, ${storedChunks} of them stored` : "";
  const shard = shards ? ` in shards of (${shards.join(", ")})` : "";
  return [
    `  ${dtype} ${name}(${dims.join(", ")}) ;`,
    ...attributeLines(name, facts.attributes),
    `    // ${count}${shard}${missing}`,
    ...(codecs.length ? [`    // codecs ${codecs.map(codecText).join(", ")}`] : []),
    `    // ${sizeText(facts)}${fillValue === null || "_FillValue" in facts.attributes ? "" : `, fill value ${attributeText(fillValue)}`}`,
  ];
}

function sizeText({ bytes, storedBytes }: VariableFacts): string {
  if (storedBytes === undefined) return `${bytesText(bytes)} in memory`;
  const ratio = storedBytes > 0 ? ` (${(bytes / storedBytes).toPrecision(3)} : 1)` : "";
  return `${bytesText(bytes)} in memory, ${bytesText(storedBytes)} stored${ratio}`;
}

/** `zstd(level 3, checksum false)`. */
function codecText(codec: Readonly<Record<string, Attribute>>): string {
  const { id, name, configuration, ...rest } = codec;
  const own = typeof configuration === "object" && configuration !== null ? configuration : rest;
  const parts = Object.entries(own).map(([key, value]) => `${key} ${bare(value as Attribute)}`);
  return `${bare(id ?? name ?? "?")}${parts.length ? `(${parts.join(", ")})` : ""}`;
}

function bare(value: Attribute): string {
  return typeof value === "string" ? value : attributeText(value);
}

function attributeLines(name: string, attributes: Attributes): string[] {
  return Object.entries(attributes).map(([key, value]) => `    ${name}:${key} = ${attributeText(value)} ;`);
}

function attributeText(value: Attribute): string {
  if (typeof value === "bigint") return `${value}L`;
  if (typeof value === "number") return String(value);
  if (Array.isArray(value) && value.every((one) => typeof one !== "object"))
    return value.map(attributeText).join(", ");
  return JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? String(one) : one));
}
