/** Owns how rows look: one line of text each, and the Markdown table of RESULTS.md. */
import { cpus, loadavg, totalmem } from "node:os";
import type { Facts, Row, Scale, Unit } from "./case.js";

const GIB = 2 ** 30;

export const TEXT_HEAD: string = line([
  "case",
  "ours",
  "peer",
  "lead",
  "cpu",
  "limit",
  "share",
  "memory",
  "by peer",
]);

/** One line for the terminal. */
export function textOf(row: Row): string {
  const { peer, limit, memory } = row;
  return [
    line([
      row.case,
      amount(row.ours.median, row.unit),
      peer ? amount(peer.median, row.unit) : "-",
      times(row.ratio),
      times(cpuLead(row)),
      limit ? amount(limit.value, row.unit) : "-",
      row.share === null ? "-" : percent(row.share),
      `${bytes(memory.ours)} / ${bytes(memory.peer)}`,
      `${peer ? `${peer.name} ${peer.version}` : ""}${row.agree === false ? "  RESULTS DIFFER" : ""}`,
    ]),
    ...factsOf(row),
  ].join("\n");
}

/** The peer's processor time / ours. */
function cpuLead({ cpu }: Row): number | null {
  return cpu.ours && cpu.peer ? cpu.peer / cpu.ours : null;
}

function line(cells: readonly string[]): string {
  const widths = [30, 16, 16, 8, 7, 16, 6, 22];
  return cells
    .map((cell, i) =>
      i === 0 ? cell.padEnd(widths[0]) : i < widths.length ? cell.padStart(widths[i]) : `  ${cell}`,
    )
    .join(" ");
}

function factsOf({ facts }: Row): string[] {
  const told = (who: string, list: Facts): string[] =>
    Object.entries(list).map(([name, value]) => `${who} ${name} ${figure(value)}`);
  const all = [...told("ours:", facts.ours), ...told("peer:", facts.peer)];
  return all.length ? [`    ${all.join(", ")}`] : [];
}

/** What a machine is, in words. */
export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / GIB)} GiB, ${process.platform}, Node ${process.versions.node}`;
}

/** The page with the results. */
export function resultsPage(
  rows: readonly Row[],
  failed: readonly string[],
  scale: Scale,
  rounds: number,
): string {
  const versions = [
    ...new Set(rows.flatMap(({ peer }) => (peer ? [`${peer.name} ${peer.version}`] : []))),
  ].sort();
  const table = rows.map((row) => `| ${cells(row).join(" | ")} |`);
  const facts = rows.flatMap((row) => factsOf(row).map((text) => `- ${row.case}: ${text.trim()}`));
  return [
    "# Results",
    "",
    "Written by `npm run bench -- --results bench/RESULTS.md`; what the columns mean is in [README.md](README.md).",
    "",
    `- Date: ${new Date().toISOString().slice(0, 10)}`,
    `- Machine: ${machine()}`,
    `- Scale: ${scale}; ${rounds} rounds, ours and the peer's in turn; medians; page cache warm`,
    `- Load of the machine at the end: ${figure(loadavg()[1])} (above 1 or 2, others were at work too: trust leads, not values)`,
    `- Peers: ${versions.length ? versions.join("; ") : "none"}`,
    "",
    "| case | ours | peer | lead | lead in processor time | limit | share | memory, ours | memory, peer | by |",
    "| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: | --- |",
    ...table,
    "",
    ...(failed.length ? ["Failed:", "", ...failed.map((text) => `- ${text.split("\n")[0]}`), ""] : []),
    ...(facts.length ? ["Beside the times:", "", ...facts, ""] : []),
  ].join("\n");
}

/** The cells of a row of the page. */
function cells(row: Row): string[] {
  const { unit, ours, peer, limit, share, memory } = row;
  return [
    row.case,
    amount(ours.median, unit),
    peer ? amount(peer.median, unit) : "-",
    times(row.ratio),
    times(cpuLead(row)),
    limit ? `${amount(limit.value, unit)} (${limit.name})` : "-",
    share === null ? "-" : percent(share),
    bytes(memory.ours),
    bytes(memory.peer),
    `${peer ? peer.name : ""}${row.agree === false ? " (results differ)" : ""}`,
  ];
}

function times(ratio: number | null): string {
  return ratio === null ? "-" : `${figure(ratio)}x`;
}

function amount(value: number, unit: Unit): string {
  return `${figure(value)} ${unit}`;
}

/** Three figures. */
function figure(value: number): string {
  if (!Number.isFinite(value) || value === 0) return String(value);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function bytes(count: number | null): string {
  return count === null ? "-" : `${figure(count / GIB)} GiB`;
}
