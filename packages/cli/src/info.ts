/** Owns `hyperslab info`: what is stored, and how, without reading any data. In the manner of `ncdump -hs`. */
import { blockTotal, maxBlockShape } from "@hyperslab/core/chunk-grid";
import { bytesText } from "@hyperslab/core/byte-text";
import { itemSize } from "@hyperslab/core/dtype";
import { sizeOf } from "@hyperslab/core/shape";
import { openGroup } from "@hyperslab/storage/open-group";
import type { ArrayInfo, Attribute, Attributes, StoredGroup } from "@hyperslab/storage/source";
import type { Command } from "./command.js";

export const info: Command = {
  name: "info",
  summary: "Shows dimensions, variables, chunks, codecs, sizes and attributes of a dataset.",
  arguments: ["PATH"],
  options: { group: { value: "NAME", help: "a group within the store" } },
  details:
    "PATH is a Zarr store (v2 or v3) or a NetCDF-3 file, as a path or an http(s) URL. No data is read.",
  async run({ args, options, signal }) {
    const group = typeof options["group"] === "string" ? options["group"] : undefined;
    console.log(describeGroup(args[0], await openGroup(args[0], { group, signal })));
    return 0;
  },
};

/** The text of `hyperslab info`. */
export function describeGroup(path: string, group: StoredGroup): string {
  const lines = [`${group.format} ${path} {`, "dimensions:"];
  for (const [name, length] of group.dims)
    lines.push(
      `  ${name} = ${group.unlimited.has(name) ? `UNLIMITED ; // (${length} currently)` : `${length} ;`}`,
    );
  lines.push("variables:");
  let total = 0;
  for (const [name, array] of group.arrays) {
    const facts = array.describe();
    total += sizeOf(facts.shape) * itemSize(facts.dtype);
    lines.push(...describeArray(name, facts));
  }
  for (const [name, error] of group.skipped ?? new Map<string, Error>())
    lines.push(`  // ${name}: left out, ${error.message}`);
  if (Object.keys(group.attributes).length)
    lines.push("", "// global attributes:", ...describeAttributes("", group.attributes));
  lines.push(
    "}",
    `// ${group.arrays.size} variable${group.arrays.size === 1 ? "" : "s"}, ${bytesText(total)} in memory`,
  );
  return lines.join("\n");
}

function describeArray(name: string, facts: ArrayInfo): string[] {
  const bytes = sizeOf(facts.shape) * itemSize(facts.dtype);
  const blocks = blockTotal(facts.grid);
  const stored = facts.storedBytes === undefined ? "" : `, ${bytesText(facts.storedBytes)} stored`;
  const layout = `${blocks} block${blocks === 1 ? "" : "s"} of (${maxBlockShape(facts.grid).join(", ")}), ${bytesText(bytes)}${stored}`;
  const codecs = facts.encoding["codecs"] ?? facts.encoding["compressor"];
  return [
    `  ${facts.dtype} ${name}(${facts.dims.join(", ")}) ;`,
    ...describeAttributes(name, facts.attributes),
    `    // ${layout}`,
    ...(codecs === undefined || codecs === null ? [] : [`    // codecs ${attributeText(codecs)}`]),
  ];
}

function describeAttributes(name: string, attributes: Attributes): string[] {
  return Object.entries(attributes).map(([key, value]) => `    ${name}:${key} = ${attributeText(value)} ;`);
}

function attributeText(value: Attribute): string {
  if (typeof value === "bigint") return `${value}L`;
  if (typeof value === "number") return String(value);
  if (Array.isArray(value) && value.every((one) => typeof one !== "object"))
    return value.map(attributeText).join(", ");
  return JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? String(one) : one));
}
