import { fromWire, isHyperslabError, StorageError, TaskError, toWire } from "@hyperslab/core/errors";
import { describe, expect, it } from "vitest";

describe("errors", () => {
  const made = new TaskError({
    task: "mean sst",
    block: "(0:3)",
    worker: "worker-1",
    reason: "a file is gone",
    cause: new StorageError({
      path: "/data/c/0",
      reason: "no such file",
      offset: 8,
      length: 4,
      cause: new Error("ENOENT"),
    }),
  });
  it("say what was asked, what was found, and where", () => {
    expect(made.message).toBe("task mean sst, block (0:3) on worker-1: a file is gone");
    expect((made.cause as Error).message).toBe("/data/c/0 (bytes 8+4): no such file");
  });
  it("cross a wire as data, and keep class, fields and causes", () => {
    const back = fromWire(JSON.parse(JSON.stringify(toWire(made))));
    expect(back).toBeInstanceOf(TaskError);
    expect(back.name).toBe("TaskError");
    expect(back.message).toBe(made.message);
    expect(isHyperslabError(back, "TaskError") && back.fields.worker).toBe("worker-1");
    const { cause } = back;
    expect(isHyperslabError(cause, "StorageError") && cause.fields.offset).toBe(8);
    expect(
      isHyperslabError(cause) && isHyperslabError(cause.cause, "RemoteError") && cause.cause.message,
    ).toBe("ENOENT");
  });
  it("of others, and of tags that this version doesn't know, come as remote errors", () => {
    const foreign = fromWire(toWire(new RangeError("too far")));
    expect(isHyperslabError(foreign, "RemoteError") && foreign.fields.original).toBe("RangeError");
    const newer = fromWire({ tag: "QuotaError", message: "full", fields: { bytes: 5 } });
    expect(isHyperslabError(newer, "RemoteError") && newer.fields).toEqual({
      original: "QuotaError",
      bytes: 5,
    });
    expect(toWire("just a text")).toMatchObject({ tag: "RemoteError", message: "just a text" });
  });
  it("end a chain of causes that has no end", () => {
    const loop = new Error("a");
    loop.cause = loop;
    expect(JSON.stringify(toWire(loop)).match(/"message"/g)?.length).toBe(9);
  });
});
