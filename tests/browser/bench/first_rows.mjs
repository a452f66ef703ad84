// Subscribe to rows painted, with 10,000 pods: for `cargo xtask bench app.first_rows_10k_ms`. Prints one line of JSON.
//
// The page is reloaded with a window of all pods on its Yard. The clock starts when the page sends the Subscribe for pods, and stops after the frame in which
// the list has its first row.

import { startDemo } from "../support/demo.mjs";
import { Person, launch } from "../support/people.mjs";

const PODS = 10_000;
const RUNS = 7;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs in the page, before anything of it. */
function watchTheClock() {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const text = typeof data === "string" ? data : new TextDecoder().decode(data);
    if (/pods/.test(text)) window.askedAt ??= performance.now();
    return send.call(this, data);
  };
  const look = new MutationObserver(() => {
    if (!document.querySelector("[role=grid] tbody tr")) return;
    look.disconnect();
    // A frame begins after the change; what comes after its callbacks comes after it was painted.
    requestAnimationFrame(() => setTimeout(() => { window.paintedAt = performance.now(); }));
  });
  look.observe(document, { childList: true, subtree: true });
}

const demo = await startDemo({ simulator: true, pods: PODS, still: true });
const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: "block" });
  const person = new Person(context, demo);
  const page = await person.tab();
  await person.signIn(page, "admin");
  await page.keyboard.type("pods");
  await page.keyboard.press("Enter");
  const painted = () => page.locator("[role=grid] tbody tr").first().waitFor();
  await painted();
  await page.addInitScript(watchTheClock);
  // The first reload also waits until the Yard was kept.
  const ours = [];
  for (let run = 0; run < RUNS; run += 1) {
    await page.waitForTimeout(1_000);
    await page.reload();
    await painted();
    await page.waitForFunction(() => window.paintedAt);
    ours.push(await page.evaluate(() => window.paintedAt - window.askedAt));
  }
  const list = [];
  for (let run = 0; run < RUNS; run += 1) {
    const start = performance.now();
    await demo.kube("GET", "/api/v1/pods");
    list.push(performance.now() - start);
  }
  console.log(JSON.stringify({ ours_ms: median(ours), list_ms: median(list), runs: RUNS, all: ours.map(Math.round) }));
} finally {
  await browser.close();
  await demo.stop();
}
