/** Owns the answer to "which line of the user's code asked for this?": read off the stack. */

const OURS =
  /(?:@hyperslab\/|packages\/)(?:array|hyperslab|core|executor|client|jupyter|plot|cli)\/(?:dist|src)\/|node_modules\/hyperslab\/|node:internal|\(node:/;

/** `file:line` of the nearest caller outside the library. */
export function callSite(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  const line = stack
    .split("\n")
    .slice(1)
    .find((text) => text.includes(":") && !OURS.test(text));
  const match = line && /\(?((?:file:\/\/)?[^()\s]+):(\d+):\d+\)?$/.exec(line);
  return match ? `${match[1].replace(/^file:\/\//, "").replace(/^.*\//, "")}:${match[2]}` : undefined;
}
