/** Owns the sequencing of steps that are synchronous wherever they can be. */

/** `continueWith(value)`, now where `value` is here, later where it is promised. */
export function andThen<A, B>(
  value: A | Promise<A>,
  continueWith: (value: A) => B | Promise<B>,
): B | Promise<B> {
  return value instanceof Promise ? value.then(continueWith) : continueWith(value);
}

/** `run()`, with what it throws, now or later, replaced by `translate(error)`. */
export function translateErrors<T>(
  run: () => T | Promise<T>,
  translate: (error: unknown) => unknown,
): T | Promise<T> {
  try {
    const value = run();
    if (!(value instanceof Promise)) return value;
    return value.catch((error: unknown) => {
      throw translate(error);
    });
  } catch (error) {
    throw translate(error);
  }
}
