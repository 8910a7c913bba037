/** The page in a real browser, where there is one; its files and headers everywhere. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PAGE_FILES, pageFolder } from "@hyperslab/dashboard/page";
import { startScheduler } from "@hyperslab/scheduler/server";
import { Cluster } from "@hyperslab/launch/cluster";
import { chromium } from "playwright-core";
import { describe, expect, it } from "vitest";
import { collect, failingPlan, heavyPlan } from "../cluster/plans.js";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);

describe("the files of the page", () => {
  it("are there, need nothing from elsewhere, and never write markup from data", async () => {
    for (const file of Object.keys(PAGE_FILES)) {
      const text = await readFile(join(pageFolder(), file), "utf8");
      expect(text.length).toBeGreaterThan(100);
      expect(text.replaceAll("http://www.w3.org", "")).not.toMatch(/https?:\/\//);
      expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
    }
  });

  it("are served with headers that let the page talk to its own server alone", async () => {
    const scheduler = await startScheduler({ token: "t" });
    const base = scheduler.url.replace("ws", "http");
    try {
      const page = await fetch(`${base}/`);
      expect(page.status).toBe(200);
      expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
      expect((await fetch(`${base}/app.js`)).headers.get("content-type")).toMatch(/javascript/);
      expect((await fetch(`${base}/../package.json`)).status).toBe(404);
      expect((await fetch(`${base}/`, { method: "POST" })).status).toBe(405);
      expect(await (await fetch(`${base}/health`)).json()).toEqual({ status: "ok" });
      expect((await fetch(`${base}/metrics`)).status).toBe(401);
      expect((await fetch(`${base}/metrics?token=wrong`)).status).toBe(401);
      const metrics = await fetch(`${base}/metrics`, { headers: { authorization: "Bearer t" } });
      expect(await metrics.text()).toMatch(/^hyperslab_workers 0$/m);
    } finally {
      await scheduler.close();
    }
  });
});

describe.skipIf(!CHROMIUM)("the page in Chromium (skipped where there is none)", () => {
  it("shows workers, jobs and errors as they are", async () => {
    const cluster = await Cluster.local({ workers: 2, memory: "1GiB" });
    const browser = await chromium.launch({ executablePath: CHROMIUM ?? "", args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage({ viewport: { width: 1240, height: 900 }, colorScheme: "dark" });
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      await page.goto(cluster.dashboardUrl);
      await page.waitForSelector("body[data-drawn]");
      expect(await page.textContent("#link")).toBe("live");
      await collect(cluster.executor.run(failingPlan())).catch(() => undefined);
      await collect(cluster.executor.run(heavyPlan({ blocks: 20 })));
      // the page draws what it is sent a few times a second: without this wait the "running"
      // below could be the job that has just finished
      await page.waitForSelector(".job-state.finished");
      const heavy = collect(cluster.executor.run(heavyPlan({ blocks: 300, elements: 20_000, rounds: 30 })));
      heavy.catch(() => undefined); // a check below that fails must be what the test reports
      await page.waitForSelector(".job-state.running");
      await page.waitForSelector("#workers .threads i.on");
      expect(await page.locator("#workers tr").count()).toBe(2);
      expect(await page.locator(".job-state.failed").count()).toBe(1);
      expect(await page.locator(".job-state.finished").count()).toBe(1);
      expect(await page.textContent("#errors")).toMatch(/task missing, block/);
      const { HYPERSLAB_SCREENSHOTS: folder } = process.env;
      if (folder) {
        await page.screenshot({ path: join(folder, "dashboard-dark.png"), fullPage: true });
        await page.click("#theme");
        await page.screenshot({ path: join(folder, "dashboard-light.png"), fullPage: true });
        await page.setViewportSize({ width: 420, height: 900 });
        await page.screenshot({ path: join(folder, "dashboard-narrow.png"), fullPage: true });
      } else expect((await page.screenshot()).length).toBeGreaterThan(10_000);
      await heavy;
      await page.waitForSelector(".jobs > li:nth-child(2) .job-state.finished");
      await cluster.close();
      await page.waitForSelector(".pill.lost");
      // the browser itself complains of the connection that went away
      expect(complaints.filter((text) => !/WebSocket|ERR_/.test(text))).toEqual([]);
    } finally {
      await browser.close();
      await cluster.close();
    }
  });

  it("shows names as text, whatever is in them", async () => {
    const scheduler = await startScheduler();
    const browser = await chromium.launch({ executablePath: CHROMIUM ?? "", args: ["--no-sandbox"] });
    const { connect } = await import("@hyperslab/client/client");
    const { token } = scheduler;
    const client = await connect(scheduler.url, { token });
    const controller = new AbortController();
    try {
      const plan = heavyPlan({ blocks: 2, whole: true });
      const evil = `<img src=x onerror="document.title='evil'">`;
      const named = { ...plan, stages: plan.stages.map((stage) => ({ ...stage, name: evil })) };
      const run = collect(client.executor().run(named, { signal: controller.signal }));
      const page = await browser.newPage();
      await page.goto(scheduler.dashboardUrl);
      await page.waitForSelector(".job-state.running");
      expect(await page.textContent(".job-name")).toBe(evil);
      expect(await page.title()).toBe("Hyperslab");
      controller.abort();
      await run.catch(() => undefined);
    } finally {
      await browser.close();
      await client.close();
      await scheduler.close();
    }
  });
});
