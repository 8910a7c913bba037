/**
 * Owns the story: the last steps of all tasks, in a ring of typed arrays, so that a scheduler can
 * always say how a task got where it is. Knows no state and no rule.
 */

export interface Story {
  readonly time: Float64Array;
  readonly job: Int32Array;
  readonly task: Int32Array;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  /** The worker that it has to do with; -1 for none. */
  readonly worker: Int32Array;
  readonly why: string[];
  /** How many steps were ever told. */
  length: number;
}

export function newStory(capacity = 16_384): Story {
  return {
    time: new Float64Array(capacity),
    job: new Int32Array(capacity),
    task: new Int32Array(capacity),
    from: new Uint8Array(capacity),
    to: new Uint8Array(capacity),
    worker: new Int32Array(capacity),
    why: new Array<string>(capacity).fill(""),
    length: 0,
  };
}

/** Adds a step; the oldest one goes. `why` should be a constant text. */
export function tell(
  story: Story,
  time: number,
  job: number,
  task: number,
  from: number,
  to: number,
  worker: number,
  why: string,
): void {
  const i = story.length++ % story.time.length;
  story.time[i] = time;
  story.job[i] = job;
  story.task[i] = task;
  story.from[i] = from;
  story.to[i] = to;
  story.worker[i] = worker;
  story.why[i] = why;
}

/** One step of a task, from status to status. */
export interface StoryStep {
  readonly time: number;
  readonly from: number;
  readonly to: number;
  readonly worker: number;
  readonly why: string;
}

/** The steps of a task that are still remembered, oldest first. */
export function storyOf(story: Story, job: number, task: number): StoryStep[] {
  const capacity = story.time.length;
  const steps: StoryStep[] = [];
  for (let n = Math.max(0, story.length - capacity); n < story.length; n++) {
    const i = n % capacity;
    if (story.job[i] !== job || story.task[i] !== task) continue;
    steps.push({
      time: story.time[i],
      from: story.from[i],
      to: story.to[i],
      worker: story.worker[i],
      why: story.why[i],
    });
  }
  return steps;
}
