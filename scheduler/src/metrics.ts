/** Owns the metrics page: a status as Prometheus text. Pure. */
import type { ClusterStatus } from "@hyperslab/protocol/status";

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** The text exposition format of Prometheus, version 0.0.4. Sizes are bytes, times seconds. */
export function metricsText(status: ClusterStatus): string {
  const lines: string[] = [];
  const metric = (
    name: string,
    kind: "gauge" | "counter",
    help: string,
    samples: readonly Sample[],
  ): void => {
    lines.push(`# HELP hyperslab_${name} ${help}`, `# TYPE hyperslab_${name} ${kind}`);
    for (const [labels, value] of samples) lines.push(`hyperslab_${name}${labelText(labels)} ${value}`);
  };
  const perWorker = (pick: (worker: ClusterStatus["workers"][number]) => number): Sample[] =>
    status.workers.map((worker) => [{ worker: worker.name }, pick(worker)]);
  const { totals } = status;
  metric("uptime_seconds", "gauge", "Time since the scheduler started.", [
    [{}, (status.time - status.started) / 1000],
  ]);
  metric("workers", "gauge", "Connected workers.", [[{}, status.workers.length]]);
  metric("clients", "gauge", "Connected clients.", [[{}, status.clients]]);
  metric("jobs_running", "gauge", "Jobs that run.", [
    [{}, status.jobs.filter((job) => job.state === "running").length],
  ]);
  metric(
    "tasks",
    "gauge",
    "Tasks of running jobs, by what becomes of them.",
    Object.entries(status.counts).map(([state, count]): Sample => [{ state }, count]),
  );
  metric(
    "worker_threads",
    "gauge",
    "Compute threads.",
    perWorker((worker) => worker.threads),
  );
  metric(
    "worker_tasks_executing",
    "gauge",
    "Tasks that run.",
    perWorker((worker) => worker.executing),
  );
  metric(
    "worker_tasks_assigned",
    "gauge",
    "Tasks that a worker was given.",
    perWorker((worker) => worker.assigned),
  );
  metric(
    "worker_memory_limit_bytes",
    "gauge",
    "Bytes that a worker promised.",
    perWorker((worker) => worker.memory),
  );
  metric(
    "worker_memory_stored_bytes",
    "gauge",
    "Bytes of blocks.",
    perWorker((worker) => worker.stored),
  );
  metric(
    "worker_memory_reserved_bytes",
    "gauge",
    "Bytes set aside for tasks.",
    perWorker((worker) => worker.reserved),
  );
  metric(
    "worker_memory_resident_bytes",
    "gauge",
    "Resident set of the process.",
    perWorker((worker) => worker.rss),
  );
  metric("jobs_total", "counter", "Jobs submitted.", [[{}, totals.jobs]]);
  metric("tasks_finished_total", "counter", "Tasks finished.", [[{}, totals.tasksFinished]]);
  metric("tasks_failed_total", "counter", "Tasks failed.", [[{}, totals.tasksFailed]]);
  metric("tasks_recomputed_total", "counter", "Tasks whose blocks were lost and made again.", [
    [{}, totals.tasksRecomputed],
  ]);
  metric("workers_joined_total", "counter", "Workers that joined.", [[{}, totals.workersJoined]]);
  metric("workers_lost_total", "counter", "Workers that left or were lost.", [[{}, totals.workersLost]]);
  metric("result_bytes_total", "counter", "Bytes of results given to clients.", [[{}, totals.resultBytes]]);
  return `${lines.join("\n")}\n`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const entries = Object.entries(labels);
  if (entries.length === 0) return "";
  const escape = (value: string): string =>
    value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
  return `{${entries.map(([name, value]) => `${name}="${escape(value)}"`).join(",")}}`;
}
