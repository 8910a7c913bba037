/**
 * Owns the HTML that stands for a labelled object in notebooks: one element with its own styles, no
 * script, nothing fetched. Every text from data is escaped.
 */
import type { Attributes } from "@hyperslab/storage/source";
import { type Labelled, arrayVariable, dataOf, dimensionCoord, sizesOf } from "./labelled.js";
import { attributeText, bytesText, dataText, orderedCoords, previewText } from "./repr.js";
import type { Variable } from "./variable.js";

const STYLE = `
.hyperslab { font: 13px/1.5 ui-sans-serif, system-ui, sans-serif; max-width: 1000px;
  --line: color-mix(in srgb, currentColor 20%, transparent); --soft: color-mix(in srgb, currentColor 60%, transparent); }
.hyperslab header { border-bottom: 1px solid var(--line); padding: 4px 0; margin-bottom: 4px; }
.hyperslab header b { font-weight: 600; } .hyperslab header span { color: var(--soft); margin-left: 1em; }
.hyperslab summary { cursor: pointer; } .hyperslab section > details { margin: 2px 0; }
.hyperslab details details { margin-left: 1.2em; }
.hyperslab .row > summary { display: grid; grid-template-columns: minmax(8em, 14em) minmax(6em, 14em) 9em 5em 1fr;
  gap: 8px; list-style: none; } .hyperslab .row > summary::-webkit-details-marker { display: none; }
.hyperslab .row > summary:hover { background: var(--line); }
.hyperslab .index { font-weight: 600; } .hyperslab .soft { color: var(--soft); }
.hyperslab .preview { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-family: ui-monospace, monospace; }
.hyperslab pre { margin: 4px 0 4px 1.2em; overflow: auto; max-height: 24em; font: 12px/1.4 ui-monospace, monospace; }
.hyperslab dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1em; margin: 4px 0 4px 1.2em; }
.hyperslab dt { font-weight: normal; color: var(--soft); } .hyperslab dd { margin: 0; overflow-wrap: anywhere; }`;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** The HTML of a DataArray or Dataset. */
export function toHtml(labelled: Labelled): string {
  const isArray = labelled.kind === "array";
  const bytes = isArray
    ? arrayVariable(labelled).nbytes
    : [...labelled.variables.values()].reduce((sum, variable) => sum + variable.nbytes, 0);
  const name = isArray && labelled.name !== null ? ` <b>'${escape(labelled.name)}'</b>` : "";
  const dims = [...sizesOf(labelled)].map(([dim, length]) => {
    const text = `${escape(dim)}: ${length}`;
    return dimensionCoord(labelled, dim) ? `<b>${text}</b>` : text;
  });
  const header = `<header>hyperslab.${isArray ? "DataArray" : "Dataset"}${name}<span>${dims.join(", ")}</span><span>${bytesText(bytes)}</span></header>`;
  const parts = [header];
  if (isArray) {
    const variable = arrayVariable(labelled);
    parts.push(section("Data", previewText(variable, 60), `<pre>${escape(dataText(variable))}</pre>`, true));
  }
  parts.push(variablesSection("Coordinates", labelled, orderedCoords(labelled)));
  if (!isArray) parts.push(variablesSection("Data variables", labelled, dataOf(labelled)));
  const attrs = isArray ? arrayVariable(labelled).attrs : labelled.attrs;
  const count = Object.keys(attrs).length;
  if (count) parts.push(section(`Attributes (${count})`, "", attributeList(attrs), count <= 10));
  return `<div class="hyperslab"><style>${STYLE}</style>${parts.join("")}</div>`;
}

function section(title: string, hint: string, body: string, open: boolean): string {
  const soft = hint ? ` <span class="soft">${escape(hint)}</span>` : "";
  return `<section><details${open ? " open" : ""}><summary>${escape(title)}${soft}</summary>${body}</details></section>`;
}

function variablesSection(
  title: string,
  labelled: Labelled,
  variables: ReadonlyMap<string, Variable>,
): string {
  if (variables.size === 0) return "";
  const rows = [...variables].map(([name, variable]) => row(labelled, name, variable));
  return section(`${title} (${variables.size})`, "", rows.join(""), variables.size <= 25);
}

function row(labelled: Labelled, name: string, variable: Variable): string {
  const index = dimensionCoord(labelled, name) === variable ? ' class="index"' : "";
  const dims = variable.dims.length ? `(${variable.dims.map(escape).join(", ")})` : "";
  const cells = [
    `<span${index}>${escape(name)}</span>`,
    `<span class="soft">${dims}</span>`,
    `<span>${variable.dtype}</span>`,
    `<span class="soft">${bytesText(variable.nbytes)}</span>`,
    `<span class="preview">${escape(previewText(variable, 45))}</span>`,
  ];
  const body = `${attributeList(variable.attrs)}<pre>${escape(dataText(variable))}</pre>`;
  return `<details class="row"><summary>${cells.join("")}</summary>${body}</details>`;
}

function attributeList(attrs: Attributes): string {
  const items = Object.entries(attrs).map(
    ([key, value]) => `<dt>${escape(key)}</dt><dd>${escape(attributeText(value))}</dd>`,
  );
  return items.length ? `<dl>${items.join("")}</dl>` : "";
}
