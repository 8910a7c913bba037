/**
 * Closes a `switch` over a union: the compiler rejects the call when a member was forgotten.
 * At run time it throws, so that a value from the wire that no version of the code knows is named.
 */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
