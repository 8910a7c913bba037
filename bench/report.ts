/** Owns how rows look: one line of text each, and the Markdown table of RESULTS.md. */
import { cpus, totalmem } from "node:os";
import type { Facts, Row, Scale, Unit } from "./case.js";

const GIB = 2 ** 30;

export const TEXT_HEAD: string = line(["case", "ours", "peer", "lead", "limit", "share", "memory", "by peer"]);

/** One line for the terminal. */
export function textOf(row: Row): string {
  const { peer, limit, memory } = row;
  return [
    line([
      row.case,
      amount(row.ours.median, row.unit),
      peer ? amount(peer.median, row.unit) : "-",
      row.ratio === null ? "-" : `${figure(row.ratio)}x`,
      limit ? amount(limit.value, row.unit) : "-",
      row.share === null ? "-" : percent(row.share),
      `${bytes(memory.ours)} / ${bytes(memory.peer)}`,
      `${peer ? `${peer.name} ${peer.version}` : ""}${row.agree === false ? "  RESULTS DIFFER" : ""}`,
    ]),
    ...factsOf(row),
  ].join("\n");
}

function line(cells: readonly string[]): string {
  const widths = [30, 16, 16, 8, 16, 7, 20];
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]) : i < widths.length ? cell.padStart(widths[i]) : `  ${cell}`)).join(" ");
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
export function resultsPage(rows: readonly Row[], scale: Scale, rounds: number): string {
  const versions = [...new Set(rows.flatMap(({ peer }) => (peer ? [`${peer.name} ${peer.version}`] : [])))].sort();
  const table = rows.map(
    ({ case: name, unit, ours, peer, ratio, limit, share, memory, agree }) =>
      `| ${name} | ${amount(ours.median, unit)} | ${peer ? amount(peer.median, unit) : ""} | ${ratio === null ? "" : `${figure(ratio)}x`} | ${
        limit ? `${amount(limit.value, unit)} (${limit.name})` : ""
      } | ${share === null ? "" : percent(share)} | ${bytes(memory.ours)} | ${bytes(memory.peer)} | ${peer ? peer.name : ""}${agree === false ? " (results differ)" : ""} |`,
  );
  const facts = rows.flatMap((row) => factsOf(row).map((text) => `- ${row.case}: ${text.trim()}`));
  return [
    "# Results",
    "",
    "Written by `npm run bench -- --results bench/RESULTS.md`; what the columns mean is in [README.md](README.md).",
    "",
    `- Date: ${new Date().toISOString().slice(0, 10)}`,
    `- Machine: ${machine()}`,
    `- Scale: ${scale}; ${rounds} rounds, ours and the peer's in turn; medians; page cache warm`,
    `- Peers: ${versions.length ? versions.join("; ") : "none"}`,
    "",
    "| case | ours | peer | lead | limit | share | memory, ours | memory, peer | by |",
    "| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | --- |",
    ...table,
    "",
    ...(facts.length ? ["Beside the times:", "", ...facts, ""] : []),
  ].join("\n");
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
