// Runs every notebook of notebooks/ through a real Jupyter with the tslab kernel, from top to bottom, in a
// temporary folder, and fails where a cell fails. Usage: node scripts/notebooks.mjs [--keep FOLDER]
// Without Jupyter it says so and passes, unless CI is set: there it has to be installed.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const kernel = join(root, "notebooks", "kernel");
const keep = process.argv[2] === "--keep" ? resolve(process.argv[3]) : null;

// Debian's Jupyter is a module of Debian's Python; another Python that stands first on the PATH hasn't got it
const path = ["/usr/bin", join(kernel, "node_modules", ".bin"), process.env.PATH].join(":");
const found = spawnSync("jupyter", ["nbconvert", "--version"], { env: { ...process.env, PATH: path } });
if (found.status !== 0) {
  console.log(
    "notebooks: skipped, there is no jupyter nbconvert here (Debian: jupyter-client jupyter-nbconvert python3-ipykernel)",
  );
  process.exit(process.env.CI ? 1 : 0);
}
if (!existsSync(join(kernel, "node_modules", "tslab"))) {
  const installed = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: kernel, stdio: "inherit" });
  if (installed.status !== 0) process.exit(1);
}

const work = mkdtempSync(join(tmpdir(), "hyperslab-notebooks-"));
const spec = join(work, "share", "jupyter", "kernels", "tslab");
mkdirSync(spec, { recursive: true });
mkdirSync(join(work, "run"));
const argv = [
  process.execPath,
  join(kernel, "node_modules", "tslab", "bin", "tslab"),
  "kernel",
  "--config-path",
  "{connection_file}",
];
writeFileSync(
  join(spec, "kernel.json"),
  JSON.stringify({ argv, display_name: "TypeScript", language: "typescript" }),
);

let failed = 0;
let passed = 0;
try {
  for (const name of readdirSync(join(root, "notebooks"))
    .filter((file) => file.endsWith(".ipynb"))
    .toSorted()) {
    const output = keep ?? work;
    mkdirSync(output, { recursive: true });
    const run = spawnSync(
      "jupyter",
      [
        "nbconvert",
        "--to",
        "notebook",
        "--execute",
        "--allow-errors",
        "--ExecutePreprocessor.kernel_name=tslab",
        "--ExecutePreprocessor.timeout=120",
        "--output-dir",
        output,
        "--output",
        name,
        join(root, "notebooks", name),
      ],
      {
        cwd: join(root, "notebooks"),
        encoding: "utf8",
        env: {
          ...process.env,
          PATH: path,
          JUPYTER_PATH: join(work, "share", "jupyter"),
          JUPYTER_RUNTIME_DIR: join(work, "run"),
          JUPYTER_CONFIG_DIR: join(work, "config"),
          HYPERSLAB_NOTEBOOK_OUTPUT: work,
        },
      },
    );
    // an error of tslab is what its cell wrote to stderr: nbconvert itself only says that there was one
    const errors =
      run.status === 0 ? errorsOf(join(output, name)) : [run.stderr.trim().split("\n").slice(-25).join("\n")];
    if (errors.length) {
      failed++;
      console.log(`notebook ${name}: failed\n${errors.join("\n")}`);
    } else {
      passed++;
      console.log(`notebook ${name}: ran`);
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} notebooks ran, ${failed} failed`);
process.exit(failed ? 1 : 0);

function errorsOf(file) {
  const { cells } = JSON.parse(readFileSync(file, "utf8"));
  return cells
    .flatMap((cell) => cell.outputs ?? [])
    .filter((output) => output.output_type === "error" || output.name === "stderr")
    .map((output) => [output.text ?? output.traceback].flat().join(""));
}
