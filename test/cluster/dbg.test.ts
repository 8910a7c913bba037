import { Cluster } from "@hyperslab/launch/cluster"; import { connect } from "@hyperslab/client/client"; import { heavyPlan } from "./plans.js";
import { it } from "vitest"; it("x", async () => {
const cluster = await Cluster.local({ workers: 1, threads: 1, memory: "256MiB" });
const slow = await connect(cluster.url, { token: cluster.token, window: 1, dials: false });
const kept = await slow.start(heavyPlan({ blocks: 3, elements: 100_000, rounds: 1, whole: true }));
await kept.blocks().next();
await new Promise(r=>setTimeout(r,200));
console.log((await cluster.workers())[0]);
const long = await cluster.client.start(heavyPlan({ blocks: 1, elements: 1_000_000, rounds: Number(process.env.R ?? 3000) }));
long.finished.catch(e=>console.log("ended", String(e), performance.now()));
for (let i=0;i<10;i++){ await new Promise(r=>setTimeout(r,200)); const w=(await cluster.workers())[0]; console.log(w.executing, w.assigned, w.stored); if(w.executing) break;}

import_cpu();
function import_cpu(){}
const pid=(await cluster.workers())[0].pid;
const { readFileSync, readdirSync } = await import("node:fs");
const tids=()=>readdirSync(`/proc/${pid}/task`).length;
const before=tids();
const t=performance.now(); 
const next = await cluster.client.start(heavyPlan({ blocks: 2 }));
long.cancel();
for(;;){ const n=tids(); if(n!==before){console.log("threads", before, "->", n, "after", performance.now()-t); break;} await new Promise(r=>setTimeout(r,1)); if(performance.now()-t>2000) break;}
await next.finished; console.log("next after", performance.now()-t);
await slow.close(); await cluster.close();
}, 60000);
