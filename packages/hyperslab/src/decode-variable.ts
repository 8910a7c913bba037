/**
 * Owns the way from a stored array to a variable: as a lazy expression of what the conventions'
 * recipe says, or, for coordinates and times, read and decoded at once.
 */
import { type TypedScalar, cast, elementwise, literal, source, where } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { allocateBlock } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
import { type Dtype, isFloat } from "@hyperslab/core/dtype";
import type { ArraySource, Attributes } from "@hyperslab/storage/source";
import { type DecodeRecipe, isIdentity } from "./conventions/decode-recipe.js";
import { type TimeOptions, decodeTimes } from "./conventions/decode-times.js";
import { decodeValues } from "./conventions/decode-values.js";
import { isCharacters, joinCharacters } from "./decode-text.js";
import { Variable } from "./variable.js";

/** The variable as an expression over its source: nothing is read. Not for times, whose unit depends on their values. */
export function lazyVariable(
  name: string,
  stored: ArraySource,
  recipe: DecodeRecipe,
  encoding: Attributes,
): Variable {
  const { dims, dtype, grid } = stored.describe();
  const node = source(stored.ref, name, dtype, grid);
  return new Variable(
    dims,
    isIdentity(recipe) && !recipe.bool ? node : decodedNode(node, recipe),
    recipe.attributes,
    encoding,
  );
}

/** A recipe as an expression: what `decodeValues` does, element by element. */
export function decodedNode(node: Node, recipe: DecodeRecipe): Node {
  const seen = recipe.view === null ? node : cast(node, recipe.view);
  const scalar = (value: number, dtype: Dtype = recipe.dtype): TypedScalar => ({ value, dtype });
  const tests = recipe.mask
    .filter((value) => !Number.isNaN(value))
    .map((value) => elementwise("equal", [seen, { value, dtype: seen.dtype }]));
  // what is missing is NaN on the way to a truth value, which is not 0
  if (recipe.bool)
    return tests.reduce((a, b) => elementwise("logicalOr", [a, b]), elementwise("notEqual", [seen, 0]));
  let out = cast(seen, recipe.dtype);
  if (tests.length && isFloat(recipe.dtype)) {
    const missing = tests.reduce((a, b) => elementwise("logicalOr", [a, b]));
    out = where(missing, scalar(NaN), out);
  }
  if (recipe.scale !== null) out = elementwise("multiply", [out, scalar(recipe.scale)]);
  if (recipe.offset !== null) out = elementwise("add", [out, scalar(recipe.offset)]);
  return out;
}

/** How a variable is read at once. */
export interface LoadOptions extends TimeOptions {
  readonly signal?: AbortSignal;
  /** Join characters to strings. */
  readonly joinText: boolean;
}

/** The variable in memory: read whole, decoded, times too. @throws StorageError, ConventionError */
export async function loadedVariable(
  stored: ArraySource,
  recipe: DecodeRecipe,
  encoding: Attributes,
  options: LoadOptions,
  warn: (warnings: readonly string[]) => void,
): Promise<Variable> {
  const { dims, dtype, shape } = stored.describe();
  const block = allocateBlock(dtype, shape);
  await stored.readBlock(
    shape.map((length) => slice(0, length)),
    block,
    { signal: options.signal },
  );
  if (options.joinText && isCharacters(stored.describe())) {
    const { _Encoding: text, ...attributes } = recipe.attributes;
    const joined = joinCharacters(block, typeof text === "string" ? text : null);
    const kept: Attributes = {
      ...encoding,
      char_dim_name: dims[dims.length - 1],
      ...(text === undefined ? {} : { _Encoding: text }),
    };
    return new Variable(dims.slice(0, -1), literal(joined), attributes, kept);
  }
  if (recipe.time === null) {
    const data = decodeValues(block.data, recipe);
    return new Variable(dims, literal({ dtype: recipe.dtype, shape, data }), recipe.attributes, encoding);
  }
  const times = decodeTimes(block.data, recipe, options);
  warn(times.warnings);
  return new Variable(
    dims,
    literal({ dtype: times.dtype, shape, data: times.data }),
    recipe.attributes,
    encoding,
  );
}
