/**
 * Owns the words of memory through which a pool sees what its thread runs, and stops it while it hears no messages.
 * Knows no tasks: whoever owns a pool does not load what runs them.
 */

/** Words that a pool and its thread share. */
interface ControlWords {
  /** Ticket of the batch that runs. */
  readonly running: 0;
  /** Number of the task that runs, in its batch. */
  readonly at: 1;
  /** Here and behind: tickets of batches that are to stop, each at its ticket modulo {@link STOP_WORDS}. */
  readonly stop: 2;
}
export const CONTROL: ControlWords = { running: 0, at: 1, stop: 2 };
/** More than a thread has batches at a time. */
export const STOP_WORDS = 16;
export const CONTROL_WORDS: number = CONTROL.stop + STOP_WORDS;
