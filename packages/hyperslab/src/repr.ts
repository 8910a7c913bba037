/** Owns the text that stands for a labelled object: xarray's layout, with lazy arrays told by dtype and chunks. */
import { maxBlockShape } from "@hyperslab/core/chunk-grid";
import { itemSize } from "@hyperslab/core/dtype";
import type { Attribute, Attributes } from "@hyperslab/storage/source";
import { formatArray, formatFlat } from "./format-elements.js";
import {
  type Labelled,
  arrayVariable,
  coordsOf,
  dataOf,
  dimensionCoord,
  dimsOf,
  sizesOf,
} from "./labelled.js";
import type { Variable } from "./variable.js";

const WIDTH = 80;

/** The text of a DataArray or Dataset. */
export function repr(labelled: Labelled): string {
  return (labelled.kind === "array" ? arrayLines(labelled) : datasetLines(labelled)).join("\n");
}

function arrayLines(labelled: Labelled): string[] {
  const variable = arrayVariable(labelled);
  const name = labelled.name === null ? "" : `'${labelled.name}' `;
  const sizes = [...sizesOf(labelled)].map(([dim, length]) => `${dim}: ${length}`);
  const lines = [
    `<hyperslab.DataArray ${name}(${sizes.join(", ")})> Size: ${bytesText(variable.nbytes)}`,
    dataText(variable),
  ];
  const coords = orderedCoords(labelled);
  const column = columnWidth([...coords.keys()]);
  if (coords.size) lines.push("Coordinates:", ...variableLines(labelled, coords, column));
  lines.push(...unlabelled(labelled), ...attributeLines(variable.attrs));
  return lines;
}

function datasetLines(labelled: Labelled): string[] {
  let bytes = 0;
  for (const variable of labelled.variables.values()) bytes += variable.nbytes;
  const sizes = [...sizesOf(labelled)].map(([dim, length]) => `${dim}: ${length}`);
  const column = columnWidth([...labelled.variables.keys()]);
  const lines = [
    `<hyperslab.Dataset> Size: ${bytesText(bytes)}`,
    `${"Dimensions:".padEnd(column)}(${sizes.join(", ")})`,
  ];
  const coords = orderedCoords(labelled);
  if (coords.size) lines.push("Coordinates:", ...variableLines(labelled, coords, column));
  lines.push(...unlabelled(labelled), "Data variables:");
  const data = dataOf(labelled);
  lines.push(...(data.size ? variableLines(labelled, data, column) : ["    *empty*"]));
  return [...lines, ...attributeLines(labelled.attrs)];
}

/** Coordinates by dimension: first the one that labels it, then others along it, scalars last. */
export function orderedCoords(labelled: Labelled): Map<string, Variable> {
  const dims = dimsOf(labelled);
  const rank = (name: string, variable: Variable): number => {
    if (dims.includes(name)) return dims.indexOf(name) * 2;
    const last = variable.dims.findLast((dim) => dims.includes(dim));
    return last === undefined ? dims.length * 2 + 1 : dims.indexOf(last) * 2 + 1;
  };
  return new Map([...coordsOf(labelled)].sort(([a, x], [b, y]) => rank(a, x) - rank(b, y)));
}

function columnWidth(names: readonly string[]): number {
  return Math.max(7, ...names.map((name) => name.length)) + 6;
}

function variableLines(
  labelled: Labelled,
  variables: ReadonlyMap<string, Variable>,
  column: number,
): string[] {
  return [...variables].map(([name, variable]) => {
    const marker = dimensionCoord(labelled, name) === variable ? "*" : " ";
    const dims = variable.dims.length ? `(${variable.dims.join(", ")}) ` : "";
    const front = `${`  ${marker} ${name} `.padEnd(column)}${dims}${variable.dtype} ${bytesText(variable.nbytes)} `;
    return front + previewText(variable, WIDTH - front.length);
  });
}

/** The elements of a variable on one line, or what it will be cut into. */
export function previewText(variable: Variable, width: number): string {
  const { block } = variable;
  if (block) return formatFlat(block, Math.max(width, 0));
  return `lazy, chunks (${maxBlockShape(variable.node.grid).join(", ")})`;
}

/** The data of an array in full, or what it will be cut into. */
export function dataText(variable: Variable): string {
  const { block } = variable;
  if (block) return formatArray(block, WIDTH);
  const chunk = maxBlockShape(variable.node.grid);
  const bytes = chunk.reduce((size, length) => size * length, itemSize(variable.dtype));
  return `[lazy ${variable.dtype} of ${variable.size} elements, chunks (${chunk.join(", ")}) of ${bytesText(bytes)}]`;
}

function unlabelled(labelled: Labelled): string[] {
  const without = dimsOf(labelled).filter((dim) => !labelled.coordNames.has(dim));
  return without.length ? [`Dimensions without coordinates: ${without.join(", ")}`] : [];
}

function attributeLines(attrs: Attributes): string[] {
  const entries = Object.entries(attrs);
  if (entries.length === 0) return [];
  const column = columnWidth(entries.map(([key]) => key));
  return [
    "Attributes:",
    ...entries.map(([key, value]) => {
      const line = `${`    ${key}:`.padEnd(column)} ${attributeText(value).replace(/\t/g, "\\t").replace(/\n/g, "\\n")}`;
      return line.length > WIDTH ? `${line.slice(0, WIDTH - 3)}...` : line;
    }),
  ];
}

/** An attribute as people read it. */
export function attributeText(value: Attribute): string {
  if (typeof value === "object" && value !== null)
    return Array.isArray(value)
      ? `[${(value as readonly Attribute[]).map(attributeText).join(", ")}]`
      : `{${Object.entries(value)
          .map(([key, one]) => `${key}: ${attributeText(one)}`)
          .join(", ")}}`;
  return String(value);
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/** Bytes in powers of 1000, without digits after the point: `16kB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(0)}${UNITS[unit]}`;
}
