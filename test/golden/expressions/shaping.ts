/** Owns the TypeScript of the shaping expressions. Made by make_expressions.py from expressions.py; don't edit. */
import { concat, merge, slice } from "hyperslab";
import type { Expressions } from "../labelled.js";

export const shaping: Expressions = {
  transpose: ({ t }) => t.isel({ time: slice(0, 2) }).transpose("lon", "time", "lat"),
  "transpose-all": ({ t }) => t.isel({ time: 0 }).transpose(),
  "transpose-ellipsis": ({ t }) => t.isel({ time: slice(0, 2) }).transpose("lat", "..."),
  squeeze: ({ t }) => t.isel({ time: slice(0, 1), lat: slice(1, 2) }).squeeze(),
  "squeeze-one": ({ t }) => t.isel({ time: slice(0, 1), lat: slice(1, 2) }).squeeze("lat"),
  "squeeze-drop": ({ t }) => t.isel({ time: slice(0, 1) }).squeeze("time", { drop: true }),
  "expand-dims": ({ count }) => count.expandDims("run"),
  "expand-dims-scalar-coordinate": ({ t }) => t.isel({ time: 0 }).expandDims("time"),
  "expand-dims-values": ({ weight }) => weight.expandDims({ run: [1n, 2n] }),
  "expand-dims-axis": ({ weight }) => weight.expandDims("run", 1),
  "assign-coords": ({ count }) => count.assignCoords({ lon: [0n, 1n, 2n, 3n] }),
  "assign-coords-from": ({ count }) => count.assignCoords({ lon: count.coord("lon").subtract(180) }),
  "assign-coords-scalar": ({ count }) => count.assignCoords({ run: 7n }),
  "drop-vars": ({ p }) => p.dropVars("name").isel({ time: 0 }),
  rename: ({ count }) => count.rename("n"),
  "rename-dims": ({ count }) => count.rename({ lat: "y", lon: "x" }),
  "swap-dims": ({ weight }) => weight.swapDims({ lat: "name" }),
  "set-coords": ({ ds }) => ds.pick("p", "weight").isel({ time: 0 }).setCoords("weight"),
  "reset-coords": ({ p }) => p.isel({ time: 0 }).resetCoords("zone"),
  "rename-dataset": ({ ds }) => ds.pick("p", "weight").isel({ time: 0 }).rename({ p: "q", lat: "y" }),
  assign: ({ ds, weight }) =>
    ds
      .pick("p")
      .isel({ time: 0 })
      .assign({ q: weight.multiply(2) }),
  "concat-existing": ({ p }) =>
    concat([p.isel({ time: slice(0, 2) }), p.isel({ time: slice(5, 7) })], "time"),
  "concat-new": ({ count }) => concat([count, count.add(1)], "run"),
  "concat-scalar-coordinate": ({ t }) => concat([t.isel({ time: 0 }), t.isel({ time: 3 })], "time"),
  merge: ({ p, weight }) => merge([p.isel({ time: 0 }), weight]),
  "broadcast-like": ({ count, weight }) => weight.broadcastLike(count),
  "stack-free-chain": ({ t }) => t.where(t.greater(272)).mean("time").sel({ lat: 0 }),
  "chain-climatology": ({ t }) => t.subtract(t.mean("time")).std("time").divide(t.std("time")),
  "chain-band-mean": ({ t }) =>
    t
      .sel({ lat: slice(45, 0) })
      .mean(["lat", "lon"])
      .sel({ time: "2001" }),
};
