import { progressBar } from "@hyperslab/cli/progress-bar";
import type { RunEvent } from "@hyperslab/core/executor";
import { describe, expect, it } from "vitest";

function shown(isTTY: boolean, step: number): string {
  let text = "";
  let time = 0;
  const bar = progressBar("mean", { isTTY, write: (part) => (text += part) }, () => time);
  bar({ kind: "started", tasks: 8, stages: ["mean"] });
  for (let done = 1; done <= 8; done++) {
    time += step;
    bar({ kind: "finished", task: done - 1, stage: 0, done, tasks: 8 } satisfies RunEvent);
  }
  return text;
}

describe("progress", () => {
  it("is plain lines at every quarter where nobody watches", () => {
    expect(shown(false, 500)).toMatchInlineSnapshot(`
      "mean: 8 tasks
      mean: 25 %, 2 of 8 tasks, 1.0 s
      mean: 50 %, 4 of 8 tasks, 2.0 s
      mean: 75 %, 6 of 8 tasks, 3.0 s
      mean: 100 %, 8 of 8 tasks, 4.0 s
      "
    `);
  });
  it("is one line that is drawn again on a terminal, not too often, and ends full", () => {
    const lines = shown(true, 20).split("\r");
    expect(lines.length).toBeLessThan(8);
    expect(lines[lines.length - 1]).toBe(`\x1b[2K${"mean".padEnd(30)} ${"█".repeat(28)} 8/8 tasks 0.2 s\n`);
  });
});
