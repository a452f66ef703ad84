// What 10,000 pods cost the tab that shows them, for `cargo xtask bench app.mb_10k`. Prints one line of JSON. Linux only: it reads /proc.
//
// The memory is that of the tab's process (what only it holds: Private_Dirty and Private_Clean), after garbage was collected. Each reading has a browser of its own: the
// same page with the same list on a cluster of a dozen pods, and on one of 10,000. Beside it: a bare page that keeps the API server's whole list, as JSON.parse leaves it.

import { readFileSync } from "node:fs";
import { startDemo } from "../support/demo.mjs";
import { Person, launch } from "../support/people.mjs";

const RUNS = 3;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Megabytes that the one page of a browser holds for itself. */
async function held(browser, page) {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  for (let pass = 0; pass < 3; pass += 1) await session.send("HeapProfiler.collectGarbage");
  const whole = await browser.newBrowserCDPSession();
  const { processInfo } = await whole.send("SystemInfo.getProcessInfo");
  const sizes = processInfo.filter((process) => process.type === "renderer").map(({ id }) => {
    const rollup = readFileSync(`/proc/${id}/smaps_rollup`, "utf8");
    return ["Private_Clean", "Private_Dirty"].reduce((sum, field) => sum + Number(new RegExp(`${field}:\\s+(\\d+)`).exec(rollup)[1]), 0) / 1024;
  });
  // A browser keeps a spare renderer, which holds less than one with a page.
  return Math.max(...sizes);
}

/** What a page holds once it shows every pod of a cluster, and what a bare one does that keeps the list. */
async function measure(pods) {
  const demo = await startDemo({ simulator: true, pods, still: true });
  try {
    const [shown, parsed] = [[], []];
    for (let run = 0; run < RUNS; run += 1) {
      const browser = await launch();
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: "block" });
      const person = new Person(context, demo);
      const page = await person.tab();
      await person.signIn(page, "admin");
      await page.keyboard.type("pods");
      await page.keyboard.press("Enter");
      await page.locator("[role=grid] tbody tr").first().waitFor();
      await page.waitForFunction((least) => Number(document.querySelector("[role=grid]").getAttribute("aria-rowcount")) >= least, pods);
      shown.push(await held(browser, page));
      await browser.close();

      const bare = await launch();
      const blank = await (await bare.newContext({ serviceWorkers: "block" })).newPage();
      await blank.goto(`${demo.url}/api/health`);
      const list = JSON.stringify(await demo.kube("GET", "/api/v1/pods"));
      await blank.evaluate((text) => { window.kept = JSON.parse(text); }, list);
      parsed.push(await held(bare, blank));
      await bare.close();
    }
    return { shown: median(shown), parsed: median(parsed) };
  } finally {
    await demo.stop();
  }
}

const few = await measure(12);
const many = await measure(10_000);
console.log(JSON.stringify({ ours_mb: many.shown - few.shown, parsed_mb: many.parsed - few.parsed, few_mb: few.shown, runs: RUNS }));
