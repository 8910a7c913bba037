/** Owns the answer to "which line of the user's code asked for this?": read off the stack. */

const OURS =
  /(?:@hyperslab\/|packages\/)(?:array|hyperslab|core|executor|client|jupyter|plot|cli)\/(?:dist|src)\/|node_modules\/hyperslab\/|node:internal|\(node:/;

/** What makes the text of stacks where nobody has put another in its place. */
const PLAIN = new Set([undefined, "ErrorPrepareStackTrace", "defaultPrepareStackTrace"]);

/** Frames that are looked at. */
const DEPTH = 30;

/** Whether files are the library's, or Node's. */
const known = new Map<string, boolean>();

function isOurs(file: string): boolean {
  let ours = known.get(file);
  if (ours === undefined) {
    ours = OURS.test(file) || file.startsWith("node:");
    if (known.size < 10_000) known.set(file, ours);
  }
  return ours;
}

/** The nearest frame outside the library, without a text of the stack; undefined where there is none. */
function outerFrame(): NodeJS.CallSite | undefined {
  const prepare = Error.prepareStackTrace;
  Error.prepareStackTrace = (_, sites) => sites;
  const { stack } = new Error() as { stack?: unknown };
  Error.prepareStackTrace = prepare;
  return (Array.isArray(stack) ? (stack as readonly NodeJS.CallSite[]) : []).find((site) => {
    const file = site.getFileName();
    return file ? !isOurs(file) : site.isEval();
  });
}

/** `file:line` of the nearest caller outside the library. */
export function callSite(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  try {
    const frame = outerFrame();
    const file = frame?.getFileName();
    if (!frame) return undefined;
    // whoever maps lines to those of another source does so in the text
    const isMapped = !PLAIN.has(Error.prepareStackTrace?.name) || process.sourceMapsEnabled;
    return file && !isMapped ? `${file.replace(/^.*\//, "")}:${frame.getLineNumber()}` : fromText();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function fromText(): string | undefined {
  const { stack = "" } = new Error();
  const line = stack
    .split("\n")
    .slice(1)
    .find((text) => text.includes(":") && !OURS.test(text));
  const match = line && /\(?((?:file:\/\/)?[^()\s]+):(\d+):\d+\)?$/.exec(line);
  return match ? `${match[1].replace(/^file:\/\//, "").replace(/^.*\//, "")}:${match[2]}` : undefined;
}
