/** Owns what deals with missing values and conditions: where, fillna, isnull, notnull, clip, isin, round. */
import { type Operand, elementwise, where } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { isFloat } from "@hyperslab/core/dtype";
import { NameError } from "@hyperslab/core/errors";
import type { Attributes } from "@hyperslab/storage/source";
import { type HasLabels, type Labelled, arrayVariable, hasLabels, mapData, namesOf } from "../labelled.js";
import { Variable, withNode } from "../variable.js";
import { type ScalarLike, asOperand } from "./elementwise.js";
import { type Beside, fused } from "./fused.js";
import { maskedNode } from "./reindex.js";

/** The elements where `condition` holds; elsewhere those of `other`, or missing. @throws DtypeError, AlignmentError */
export function whereLabelled(labelled: Labelled, condition: Beside, other?: Beside): Labelled {
  if (other === undefined)
    return fused("where", labelled, [condition], "inner", (node, [holds]) =>
      maskedNode(asNode(holds, node), node, "where"),
    );
  return fused("where", labelled, [condition, other], "exact", (node, [holds, instead]) =>
    where(holds, node, instead),
  );
}

/** The elements of `a` where `condition` holds, else those of `b`. The name is the condition's, attributes are those of `a`. */
export function choose(condition: HasLabels, a: Beside, b: Beside): Labelled {
  const chosen = fused("where", condition.labelled, [a, b], "exact", (holds, [yes, no]) =>
    where(holds, yes, no),
  );
  const attrsOf = (name: string): Attributes => {
    if (!hasLabels(a)) return {};
    const { labelled } = a;
    return (labelled.kind === "array" ? arrayVariable(labelled) : labelled.variables.get(name))?.attrs ?? {};
  };
  return mapData(chosen, (variable, name) => new Variable(variable.dims, variable.node, attrsOf(name)));
}

/** A scalar condition, stretched by comparing the array with itself. */
function asNode(operand: Operand, beside: Node): Node {
  if (typeof operand === "object" && "kind" in operand) return operand;
  return elementwise("logicalAnd", [elementwise("equal", [beside, beside]), operand]);
}

/** Missing elements replaced. Labels that `value` lacks keep their missing values. */
export function fillna(labelled: Labelled, value: Beside): Labelled {
  return fused("fillna", labelled, [value], "left", (node, [fill]) =>
    where(nullNode(node, false), node, fill),
  );
}

/** Missing elements replaced by one value a variable; variables that are not named stay. @throws NameError */
export function fillnaByName(labelled: Labelled, values: Readonly<Record<string, ScalarLike>>): Labelled {
  for (const name of Object.keys(values))
    if (!labelled.variables.has(name))
      throw new NameError({ name, names: namesOf(labelled), operation: "fillna" });
  return mapData(labelled, (variable, name) => {
    if (!(name in values)) return variable;
    const fill = asOperand(values[name], variable.dtype);
    return withNode(variable, where(nullNode(variable.node, false), variable.node, fill));
  });
}

/** True where an element is missing, or, with `missing` false, where it is not. */
export function nullNode(node: Node, missing: boolean): Node {
  if (node.dtype === "string") return elementwise(missing ? "notEqual" : "equal", [node, node]);
  const isnan = elementwise("isnan", [node]);
  return missing ? isnan : elementwise("logicalNot", [isnan]);
}

export function isnull(labelled: Labelled, missing: boolean): Labelled {
  return mapData(labelled, (variable) => withNode(variable, nullNode(variable.node, missing)));
}

/** Elements moved between two bounds; missing ones stay missing. */
export function clip(
  labelled: Labelled,
  min: Beside | null | undefined,
  max: Beside | null | undefined,
): Labelled {
  const bounds: Beside[] = [];
  const names: ("maximum" | "minimum")[] = [];
  if (min !== undefined && min !== null) {
    bounds.push(min);
    names.push("maximum");
  }
  if (max !== undefined && max !== null) {
    bounds.push(max);
    names.push("minimum");
  }
  return fused("clip", labelled, bounds, "exact", (node, beside) =>
    beside.reduce<Node>((clipped, bound, i) => elementwise(names[i], [clipped, bound]), node),
  );
}

/** True where an element is one of `values`. */
export function isin(labelled: Labelled, values: readonly ScalarLike[]): Labelled {
  return mapData(labelled, (variable) => {
    const tests = values.map((value) =>
      elementwise("equal", [variable.node, asOperand(value, variable.dtype)]),
    );
    return withNode(
      variable,
      tests.length
        ? anyOf(tests)
        : elementwise("logicalAnd", [elementwise("equal", [variable.node, variable.node]), false]),
    );
  });
}

/** A balanced tree of ors, so that long lists don't make deep expressions. */
function anyOf(tests: readonly Node[]): Node {
  if (tests.length === 1) return tests[0];
  const half = tests.length >> 1;
  return elementwise("logicalOr", [anyOf(tests.slice(0, half)), anyOf(tests.slice(half))]);
}

/** Rounded half to even, to `decimals` places after the point (NumPy's way: scale, round, scale back). */
export function round(labelled: Labelled, decimals: number): Labelled {
  return mapData(labelled, (variable) => {
    const { node } = variable;
    if (decimals === 0 || (!isFloat(node.dtype) && decimals > 0))
      return withNode(variable, elementwise("round", [node]));
    const scale = 10 ** Math.abs(decimals);
    const [to, back] = decimals > 0 ? (["multiply", "divide"] as const) : (["divide", "multiply"] as const);
    return withNode(
      variable,
      elementwise(back, [elementwise("round", [elementwise(to, [node, scale])]), scale]),
    );
  });
}
