import type { RunEvent } from "@hyperslab/core/executor";
import { progressBar } from "hyperslab/progress-bar";
import { TimeLeft } from "hyperslab/time-left";
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
  it("tells how long it will still take, once that is known", () => {
    const lines = shown(true, 1000).split("\r");
    expect(lines[1]).toBe(`\x1b[2K${"mean".padEnd(30)} ${"░".repeat(28)} 0/8 tasks`);
    expect(lines[4]).toMatch(/3\/8 tasks 3\.0 s, 5 s left$/);
  });
});

describe("the time left", () => {
  const finished = { kind: "finished", task: 0, done: 0, tasks: 12 } as const;
  it("is what tasks of each stage took, and the usual for stages that have not begun", () => {
    const left = new TimeLeft(
      { kind: "started", tasks: 12, stages: ["a", "b", "c"], stageTasks: [4, 4, 4] },
      0,
    );
    expect(left.left()).toBeNull();
    left.add({ ...finished, stage: 0 }, 100);
    left.add({ ...finished, stage: 1 }, 400);
    expect(left.left()).toBe(3 * 100 + 3 * 300 + 4 * 200);
  });
  it("is the usual for all tasks where the stages' numbers are not known", () => {
    const left = new TimeLeft({ kind: "started", tasks: 12, stages: [] }, 0);
    left.add({ ...finished, stage: 0 }, 100);
    expect(left.left()).toBe(1100);
  });
});
