// The longest task of the page with 10,000 rows at 500 changes a second: for `cargo xtask bench app.long_task_ms`. Prints one line of JSON.
//
// The browser's own trace tells how long each task of the page's main thread ran; PerformanceObserver, which knows only those over 50 ms, counts these.

import { startDemo } from "../support/demo.mjs";
import { Person, launch } from "../support/people.mjs";

const PODS = 10_000;
const CHURN = 500;
const SECONDS = 15;
const RUNS = 3;

const sorted = (values) => values.toSorted((a, b) => a - b);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];

/** Runs in the page: counts long tasks. */
function watchLongTasks() {
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" });
}

/** Milliseconds of each task that the main thread of the page's renderer ran. */
function tasks(trace, url) {
  const events = JSON.parse(trace).traceEvents;
  // Who committed the page is its renderer.
  const frames = events.filter((event) => event.name === "TracingStartedInBrowser").flatMap((event) => event.args.data.frames ?? []);
  const pid = frames.find((frame) => frame.url.startsWith(url))?.processId;
  const main = events.find((event) => event.name === "thread_name" && event.pid === pid && event.args.name === "CrRendererMain");
  if (!main) throw new Error("the trace does not tell of the page");
  return events.filter((event) => event.pid === pid && event.tid === main.tid && /RunTask$/.test(event.name) && event.ph === "X").map((event) => event.dur / 1000);
}

const demo = await startDemo({ simulator: true, pods: PODS, churn: CHURN });
try {
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    const browser = await launch();
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: "block" });
    const person = new Person(context, demo);
    const page = await person.tab();
    await page.addInitScript(watchLongTasks);
    await page.reload();
    await person.signIn(page, "admin");
    await page.keyboard.type("pods");
    await page.keyboard.press("Enter");
    await page.waitForFunction((least) => Number(document.querySelector("[role=grid]")?.getAttribute("aria-rowcount")) >= least, PODS * 0.9);
    // What opening it set going is over.
    await page.waitForTimeout(2_000);
    const version = async () => Number((await demo.kube("GET", "/api/v1/pods?limit=1")).metadata.resourceVersion);
    await page.evaluate(() => { window.longTasks = []; });
    const before = await version();
    await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "__metadata"] });
    await page.waitForTimeout(SECONDS * 1_000);
    const trace = (await browser.stopTracing()).toString();
    const changes = (await version()) - before;
    const times = sorted(tasks(trace, demo.url));
    runs.push({
      longest: times.at(-1), p999: times[Math.floor(times.length * 0.999)], long: await page.evaluate(() => window.longTasks.length),
      rows: await page.evaluate(() => Number(document.querySelector("[role=grid]").getAttribute("aria-rowcount"))), changes: changes / SECONDS,
    });
    await browser.close();
  }
  const of = (key) => median(runs.map((run) => run[key]));
  console.log(JSON.stringify({ ours_ms: of("longest"), p999_ms: of("p999"), long: of("long"), rows: of("rows"), changes_per_s: of("changes"), seconds: SECONDS, runs: RUNS, all: runs }));
} finally {
  await demo.stop();
}
