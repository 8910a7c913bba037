/** Owns the command line of the bench: which cases, at what scale, and where the rows go. */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Case, type Place, type Row, SCALES, rowName } from "./case.js";
import { CASES } from "./cases/order.js";
import { conduct } from "./conduct.js";
import { Limits } from "./limits.js";
import { cacheFolder, peerPython } from "./peer-environment.js";
import { machine, resultsPage, TEXT_HEAD, textOf } from "./report.js";

const USAGE = `npm run bench -- [CASE…] [options]

  CASE           a case, or case/variant; all where none is given
  --list         names and what they compute
  --rounds N     rounds after the warm-up; 5 by default
  --scale S      ${SCALES.join(", ")}; ci by default
  --no-peers     ours alone
  --json FILE    rows as JSON
  --results FILE rows as a page of Markdown
  --profile DIR  CPU profiles of our side, one a thread, for the DevTools of Chrome
  --data DIR     where generated data is kept; ${join(cacheFolder(), "bench")} by default
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: "boolean", default: false },
      rounds: { type: "string", default: "5" },
      scale: { type: "string", default: "ci" },
      "no-peers": { type: "boolean", default: false },
      json: { type: "string" },
      results: { type: "string" },
      profile: { type: "string" },
      data: { type: "string", default: join(cacheFolder(), "bench") },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const scale = SCALES.find((one) => one === values.scale);
  const rounds = Number(values.rounds);
  if (!scale || !Number.isInteger(rounds) || rounds < 1)
    throw new RangeError(`--scale ${values.scale} --rounds ${values.rounds}\n\n${USAGE}`);
  if (values.list) {
    for (const one of CASES) {
      const names = one.variants(scale).map((variant) => variant.name);
      console.log(
        `${one.name.padEnd(16)} ${one.title}${names.some(Boolean) ? ` (${names.join(", ")})` : ""}`,
      );
    }
    return;
  }
  const chosen = chosenOf(positionals);
  const python = values["no-peers"] ? null : peerPython();
  if (!values["no-peers"] && !python)
    console.error("no peers here: `npm run bench:peers` makes them; measuring ours alone");
  const data = resolve(values.data);
  await mkdir(data, { recursive: true });
  const place: Place = { scale, data, python };
  const limits = new Limits(scale);
  const profile = values.profile === undefined ? null : resolve(values.profile);
  const rows: Row[] = [];
  const failed: string[] = [];
  console.log(`${machine()}\n\n${TEXT_HEAD}`);
  try {
    for (const one of chosen.cases)
      for (const variant of one.variants(scale)) {
        const name = rowName(one, variant);
        if (!chosen.wants(name, one.name)) continue;
        try {
          const say = (text: string): void => console.error(`  ${text}`);
          const row = await conduct(one, variant, {
            place,
            limits,
            rounds,
            peers: python !== null,
            profile,
            say,
          });
          rows.push(row);
          console.log(textOf(row));
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          failed.push(`${name}: ${reason}`);
          console.error(`  ${name}: ${reason}`);
        }
      }
  } finally {
    await limits.close();
  }
  if (values.json) await writeFile(values.json, `${JSON.stringify(rows, null, 2)}\n`);
  if (values.results) await writeFile(values.results, resultsPage(rows, failed, scale, rounds));
  if (failed.length) throw new Error(`${failed.length} failed`);
}

/** Which cases and variants the names mean. @throws RangeError for names that mean none */
function chosenOf(names: readonly string[]): {
  cases: readonly Case[];
  wants: (row: string, name: string) => boolean;
} {
  for (const name of names)
    if (!CASES.some((one) => one.name === name.split("/")[0]))
      throw new RangeError(`no case "${name}": there are ${CASES.map((one) => one.name).join(", ")}`);
  const cases = CASES.filter(
    (one) => names.length === 0 || names.some((name) => name.split("/")[0] === one.name),
  );
  return { cases, wants: (row, name) => names.length === 0 || names.includes(name) || names.includes(row) };
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
