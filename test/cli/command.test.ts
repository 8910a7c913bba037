import { type Command, countOption, helpOf, readInput, UsageError } from "@hyperslab/cli/command";
import { describe, expect, it } from "vitest";

const command: Command = {
  name: "cut",
  summary: "Cuts.",
  arguments: ["SRC", "DST"],
  options: {
    workers: { value: "N", help: "how many", default: "2" },
    memory: { value: "SIZE", help: "bytes" },
    force: { help: "do it" },
  },
  run: () => Promise.resolve(0),
};
const { signal } = new AbortController();
const read = (...words: string[]): ReturnType<typeof readInput> => readInput(command, words, signal);

describe("a command", () => {
  it("reads arguments, options and defaults", () => {
    const input = read("a", "b", "--force", "--memory", "1.5GiB");
    expect(input.args).toEqual(["a", "b"]);
    expect(input.options).toEqual({ workers: "2", memory: "1.5GiB", force: true });
    expect(countOption(input, "workers")).toBe(2);
  });
  it("says what it takes where it is given something else", () => {
    expect(() => read("a")).toThrow("cut takes SRC DST, found a");
    expect(() => read("a", "b", "--fast")).toThrow(UsageError);
    expect(() => countOption(read("a", "b", "--workers", "two"), "workers")).toThrow(
      "--workers two: not a whole number",
    );
  });
  it("has a help", () => {
    expect(helpOf(command)).toMatchInlineSnapshot(`
      "hyperslab cut SRC DST [options]

      Cuts.

      Options
        --workers N              how many (default 2)
        --memory SIZE            bytes
        --force                  do it"
    `);
  });
});
