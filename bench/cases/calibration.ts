/** Owns the case of the machine itself: what memory, files and the loopback give, as the other cases' limits use them. */
import { join } from "node:path";
import { type Case, type Limit, type Place, type Unit, type Variant } from "../case.js";
import { makeTemperature, temperatureName } from "../data/temperature.js";
import { Limits } from "../limits.js";

const MEMORY = ["read", "copy", "triad"].flatMap((loop) => [`${loop}, 1 thread`, `${loop}, 2 threads`]);

function variant(name: string, limit: Limit, unit: Unit): Variant {
  const parameters = { limit: limit.name };
  return { name, parameters, unit, work: limit.work, peer: null, limit: null, tolerance: 0 };
}

export const calibration: Case = {
  name: "calibration",
  title: "the machine: memory bandwidth, cached files, WebSockets on the loopback",
  variants: () => [
    ...MEMORY.map((what) =>
      variant(
        what.replace(", ", "-").replace(/ threads?/, ""),
        { name: `memory ${what}` as Limit["name"], work: 2 ** 30 },
        "GB/s",
      ),
    ),
    variant("file", { name: "cached file read", work: 2 ** 30 }, "GB/s"),
    variant("ws-stream", { name: "WebSocket stream", work: 2 ** 30 }, "GB/s"),
    variant("ws-round-trip", { name: "WebSocket round trip", work: 1 }, "ms"),
    variant("ws-tasks", { name: "WebSocket tasks in batches of 16", work: 100_000 }, "tasks/s"),
  ],
  async prepare({ parameters }, place) {
    if (parameters["limit"] === "cached file read") await makeTemperature(place, "v3-lz4");
  },
  async open({ parameters, work }, place: Place) {
    const limits = new Limits(place.scale);
    const folder = join(place.data, temperatureName(place.scale, "v3-lz4"));
    let last = 0;
    return {
      async run() {
        last = (await limits.measure({ name: parameters["limit"] as Limit["name"], work }, folder)) ?? 0;
        return last;
      },
      outcome: () => ({ data: Float64Array.of(last) }),
      close: () => limits.close(),
    };
  },
};
