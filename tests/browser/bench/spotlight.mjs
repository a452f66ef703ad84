// One key of Spotlight over 100,000 objects, for `cargo xtask bench spotlight.key_ms`. Prints one line of JSON.
//
// The time of a key is that from its input event until everything that it set going in the page has run and the page is laid out anew. Beside it, over the same
// names in the same page: the plainest search there is, `names.filter((name) => name.includes(text))`.

import { startDemo } from "../support/demo.mjs";
import { Person, launch } from "../support/people.mjs";

/** Pods; with what else the simulated cluster has, more than 100,000 objects. */
const PODS = 97_000;
const WORDS = ["payments-api", "checkout", "zx", "web 9"];

const sorted = (values) => values.toSorted((a, b) => a - b);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];

/** Runs in the page: times every input. */
function watchTheKeys() {
  window.keys = [];
  addEventListener("input", (event) => {
    const start = performance.now();
    const { port1, port2 } = new MessageChannel();
    // A message is a task of its own: it comes after this one and what it left to be done.
    port1.onmessage = () => {
      document.body.getBoundingClientRect();
      window.keys.push([event.target.value, performance.now() - start]);
    };
    port2.postMessage(null);
  }, true);
}

const demo = await startDemo({ simulator: true, pods: PODS, still: true });
const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: "block" });
  const person = new Person(context, demo);
  const page = await person.tab();
  await page.addInitScript(watchTheKeys);
  await page.reload();
  await person.signIn(page, "admin");
  await page.keyboard.press("/");
  await page.waitForFunction(() => /^1\d{5} objects$/.test(document.querySelector(".spot .foot")?.innerText.match(/\d+ objects.*/)?.[0] ?? ""), undefined, { timeout: 120_000 });
  const objects = await page.evaluate(() => Number(document.querySelector(".spot .foot").innerText.match(/(\d+) objects/)[1]));
  for (let round = 0; round < 3; round += 1) {
    for (const word of WORDS) {
      for (const key of word) {
        await page.keyboard.press(key === " " ? "Space" : key);
        await page.waitForTimeout(60);
      }
      await page.keyboard.press("Control+a");
      await page.keyboard.press("Backspace");
      await page.waitForTimeout(60);
    }
  }
  const keys = (await page.evaluate(() => window.keys)).filter(([text]) => text !== "");
  const names = (await demo.kube("GET", "/api/v1/pods")).items.map((pod) => pod.metadata.name);
  const plain = await page.evaluate(([all, words]) => words.flatMap((word) => [...word].map((_, at) => {
    const start = performance.now();
    all.filter((name) => name.includes(word.slice(0, at + 1)));
    return performance.now() - start;
  })), [names, WORDS]);
  const all = keys.map(([, ms]) => ms);
  const slowest = keys.toSorted(([, a], [, b]) => b - a).slice(0, 5).map(([text, ms]) => `${text} ${ms.toFixed(1)}`);
  console.log(JSON.stringify({ ours_ms: median(all), p95_ms: sorted(all)[Math.floor(all.length * 0.95)], plain_ms: median(plain), objects, keys: all.length, slowest }));
} finally {
  await browser.close();
  await demo.stop();
}
