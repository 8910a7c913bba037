/**
 * The dashboard: draws the pictures that the scheduler sends over its WebSocket (`/feed`, JSON, at
 * most four a second). Data enters the page as text alone, never as markup.
 */

/** In the order of the bar: what is done grows from the left. */
const STATES = [
  ["released", "done, released"],
  ["memory", "in memory"],
  ["executing", "executing"],
  ["assigned", "at a worker"],
  ["ready", "ready"],
  ["waiting", "waiting for inputs"],
];
/** Seconds of the rate's curve. */
const SPAN = 60;

const byId = (id) => document.getElementById(id);

/** A new element with classes and text. */
function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** Sets text, where it changed. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Keeps one child for each item: made once, updated, put in order, removed. */
function sync(parent, items, keyOf, create, update) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let child = old.get(key);
    old.delete(key);
    if (!child) {
      child = create(item);
      child.dataset.key = key;
    }
    update(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const child of old.values()) child.remove();
}

function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

const whole = (count) => Math.round(count).toLocaleString("en");
const plural = (count, noun) => `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;

function duration(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

const share = (part, total) => `${total > 0 ? Math.min(100, (100 * part) / total) : 0}%`;
const sum = (items, pick) => items.reduce((total, item) => total + pick(item), 0);

/** Times and counts of finished tasks over the last minute. */
const history = [];

function drawRate(status) {
  history.push([status.time, status.totals.tasksFinished]);
  while (history.length > 2 && history[0][0] < status.time - SPAN * 1000) history.shift();
  // the rate at a moment is that of the second before it
  const rates = history.map(([time, count], i) => {
    let j = i;
    while (j > 0 && time - history[j][0] < 1000) j--;
    const span = (time - history[j][0]) / 1000;
    return [time, span > 0 ? (count - history[j][1]) / Math.max(span, 0.25) : 0];
  });
  const now = rates[rates.length - 1][1];
  say(byId("tile-rate"), now >= 100 ? whole(now) : now.toFixed(now > 0 && now < 10 ? 1 : 0));
  const top = Math.max(1, ...rates.map(([, rate]) => rate));
  const points = rates.map(([time, rate]) => {
    const x = 240 * (1 - (status.time - time) / (SPAN * 1000));
    return `${x.toFixed(1)},${(46 - (42 * rate) / top).toFixed(1)}`;
  });
  const first = points[0].split(",")[0];
  document.querySelector(".spark-line").setAttribute("points", points.join(" "));
  document.querySelector(".spark-area").setAttribute("points", `${first},48 ${points.join(" ")} 240,48`);
}

function drawTiles(status) {
  const { workers } = status;
  const threads = sum(workers, (worker) => worker.threads);
  const busy = sum(workers, (worker) => Math.min(worker.executing, worker.threads));
  const memory = sum(workers, (worker) => worker.memory);
  const stored = sum(workers, (worker) => worker.stored);
  const reserved = sum(workers, (worker) => worker.reserved);
  const running = status.jobs.filter((job) => job.state === "running").length;
  say(byId("tile-workers"), whole(workers.length));
  say(byId("tile-workers-note"), `${plural(running, "job")} of ${plural(status.clients, "client")}`);
  say(byId("tile-threads"), `${busy} / ${threads}`);
  say(byId("tile-threads-note"), threads > 0 ? `${Math.round((100 * busy) / threads)} % busy` : "no threads");
  say(byId("tile-memory"), bytes(stored + reserved));
  say(byId("tile-memory-note"), `promised, of ${bytes(memory)}`);
  say(byId("uptime"), `up ${duration(status.time - status.started)}`);
}

function drawTasks(status) {
  const total = sum(STATES, ([state]) => status.counts[state]);
  say(byId("tasks-note"), total > 0 ? `${whole(total)} of running jobs` : "no job is running");
  sync(
    byId("tasks-bar"),
    STATES,
    ([state]) => state,
    ([state]) => make("span", state),
    (span, [state, words]) => {
      span.style.width = share(status.counts[state], total);
      span.title = `${words}: ${whole(status.counts[state])}`;
    },
  );
  sync(
    byId("tasks-legend"),
    STATES,
    ([state]) => state,
    ([state, words]) => {
      const item = make("li");
      item.append(make("span", `swatch ${state}`), words, make("b"));
      return item;
    },
    (item, [state]) => say(item.lastElementChild, whole(status.counts[state])),
  );
}

function drawWorkers(status) {
  const workers = [...status.workers].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  byId("workers-empty").hidden = workers.length > 0;
  byId("workers-table").hidden = workers.length === 0;
  sync(
    byId("workers"),
    workers,
    (worker) => worker.id,
    (worker) => {
      const row = make("tr");
      const name = make("td", "worker-name", worker.name);
      name.append(make("small", "", `${worker.address.replace(/^wss?:\/\//, "")} · pid ${worker.pid}`));
      const threads = make("td");
      threads.append(make("div", "threads"));
      const memory = make("td");
      const gauge = make("div", "gauge");
      gauge.append(make("span", "stored"), make("span", "reserved"));
      memory.append(gauge, make("div", "gauge-text"));
      row.append(name, threads, memory, make("td", "number"), make("td", "number"));
      return row;
    },
    (row, worker) => {
      const [, threads, memory, process, done] = row.children;
      const lamps = threads.firstElementChild;
      // very many threads become one number
      const shown = Math.min(worker.threads, 64);
      while (lamps.children.length < shown) lamps.append(make("i"));
      [...lamps.children].forEach((lamp, i) => (lamp.className = i < worker.executing ? "on" : ""));
      lamps.title = `${worker.executing} executing, ${worker.assigned} at this worker, ${plural(worker.threads, "thread")}`;
      const [gauge, text] = memory.children;
      gauge.children[0].style.width = share(worker.stored, worker.memory);
      gauge.children[1].style.width = share(worker.reserved, worker.memory);
      say(text, `${bytes(worker.stored)} held, ${bytes(worker.reserved)} reserved, of ${bytes(worker.memory)}`);
      say(process, worker.rss > 0 ? bytes(worker.rss) : "");
      say(done, whole(worker.finished));
    },
  );
}

function drawJobs({ jobs, time }) {
  byId("jobs-empty").hidden = jobs.length > 0;
  sync(
    byId("jobs"),
    jobs,
    (job) => job.id,
    (job) => {
      const item = make("li");
      const head = make("div", "job-head");
      head.append(
        make("span", "job-name", job.name),
        make("span", "job-state"),
        make("span", "spring"),
        make("span", "quiet"),
      );
      const progress = make("div", "progress");
      progress.append(make("span"));
      item.append(head, progress, make("div", "stages"), make("p", "job-error"));
      return item;
    },
    (item, job) => {
      const [head, progress, stages, error] = item.children;
      head.children[0].title = `job ${job.id} of ${job.client}`;
      head.children[1].className = `job-state ${job.state}`;
      say(head.children[1], job.state);
      const took = duration((job.ended ?? time) - job.submitted);
      say(head.children[3], `${whole(job.done)} / ${plural(job.tasks, "task")} · ${took}`);
      progress.firstElementChild.className = job.state;
      progress.firstElementChild.style.width = share(job.done, job.tasks);
      const open = job.stages.filter((stage) => stage.done < stage.tasks);
      const shown = job.state === "running" ? open.slice(0, 8) : [];
      sync(
        stages,
        shown.map((stage, i) => ({ ...stage, i })),
        (stage) => `${stage.i}/${stage.name}`,
        () => make("span"),
        (span, stage) => say(span, `${stage.name} ${whole(stage.done)} / ${whole(stage.tasks)}`),
      );
      say(error, job.error ?? "");
      error.hidden = !job.error;
    },
  );
}

function drawErrors({ errors }) {
  byId("errors-empty").hidden = errors.length > 0;
  sync(
    byId("errors"),
    errors,
    (error) => `${error.time}/${error.message}`,
    (error) => {
      const item = make("li");
      item.append(make("time", "", new Date(error.time).toLocaleTimeString()), make("span", "", error.message));
      return item;
    },
    () => undefined,
  );
}

/** Drawn at the next frame; of several pictures that came meanwhile, the last. */
let pending = null;

function onPicture(status) {
  if (pending === null)
    requestAnimationFrame(() => {
      const picture = pending;
      pending = null;
      drawTiles(picture);
      drawRate(picture);
      drawTasks(picture);
      drawWorkers(picture);
      drawJobs(picture);
      drawErrors(picture);
      document.body.dataset.drawn = "true";
    });
  pending = status;
}

function showLink(state, text) {
  const link = byId("link");
  link.className = `pill ${state}`;
  say(link, text);
}

function connect(pause = 500) {
  const url = new URL("feed", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.search = new URLSearchParams({ token: new URLSearchParams(location.search).get("token") ?? "" });
  const socket = new WebSocket(url);
  let opened = false;
  socket.onopen = () => {
    opened = true;
    showLink("live", "live");
  };
  socket.onmessage = (event) => onPicture(JSON.parse(event.data));
  socket.onclose = () => {
    // a refused token looks like any other failure to a page
    const token = new URLSearchParams(location.search).has("token");
    const never = token ? "no connection: is the token right?" : "add ?token=… to the address";
    showLink("lost", opened ? "connection lost" : never);
    setTimeout(connect, pause, opened ? 500 : Math.min(2 * pause, 5000));
  };
}

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

setTheme(localStorage.getItem("hyperslab-theme"));
byId("theme").addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
  const theme = dark ? "light" : "dark";
  localStorage.setItem("hyperslab-theme", theme);
  setTheme(theme);
});
connect();
