/** Ends a run with one plain line, `N passed, N failed, N skipped`, for people and scripts. */
import type { Reporter, TestModule } from "vitest/node";

export default class PlainLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      if (module.state() === "failed" && [...module.children.allTests()].length === 0) count.failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== "pending") count[state]++;
      }
    }
    const skipped = count.skipped ? `, ${count.skipped} skipped` : "";
    // after the default reporter's summary, which is printed in the same turn
    process.on("exit", () => console.log(`${count.passed} passed, ${count.failed} failed${skipped}`));
  }
}
