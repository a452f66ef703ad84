// Frames of a Yard of 200 krates while it is panned and zoomed: for `cargo xtask bench yard.pan_p95_ms`. Prints one line of JSON.
//
// Each krate holds a window of a pod. The camera stands so far away that some forty of them are live in sight, and moves with the wheel, as a hand does: events come
// once a frame, every so often with Ctrl. What is measured is the time from one frame to the next, beside that of the same page while nothing moves.

import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDemo } from "../support/demo.mjs";
import { Person, launch } from "../support/people.mjs";

const KRATES = 200;
const COLUMNS = 20;
/** A krate of one window and the space after it, in world units. */
const CELL = { w: 440, h: 460 };
const FRAMES = 180;
const RUNS = 3;

const sorted = (values) => values.toSorted((a, b) => a - b);
const at = (values, part) => sorted(values)[Math.floor(values.length * part)];
const median = (values) => at(values, 0.5);

/** A file of a Yard with a krate for each pod. */
function yardOf(pods) {
  const rooms = {};
  pods.forEach(({ metadata: { namespace, name, uid } }, n) => {
    const object = { apiVersion: "v1", kind: "Pod", namespace, name, uid };
    const place = [(n % COLUMNS - COLUMNS / 2) * CELL.w, (Math.floor(n / COLUMNS) - KRATES / COLUMNS / 2) * CELL.h];
    (rooms[namespace] ??= { krates: [] }).krates.push({ id: String(n), object, at: place, windows: [{ view: "describe" }] });
  });
  return { format: "krateyard-yard", version: 1, cluster: "prod-eu-1", rooms };
}

/** Runs in the page: moves the camera once a frame, if it is to move, and gives the time of each frame. */
function frames({ count, moves }) {
  const canvas = document.elementFromPoint(720, 450);
  const wheel = (options) => canvas.dispatchEvent(new WheelEvent("wheel", { bubbles: true, cancelable: true, clientX: 720, clientY: 450, ...options }));
  return new Promise((done) => {
    const times = [];
    let last;
    const frame = (now) => {
      if (last !== undefined) times.push(now - last);
      last = now;
      const n = times.length;
      if (n >= count) return done(times);
      if (moves) {
        // Around in a circle, and in and out between the two.
        const turn = (n / 120) * 2 * Math.PI;
        wheel({ deltaX: 24 * Math.cos(turn), deltaY: 24 * Math.sin(turn) });
        if (n % 5 === 0) wheel({ deltaY: 12 * Math.sin(turn / 2), ctrlKey: true });
      }
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

const demo = await startDemo({ simulator: true, pods: KRATES * 2 });
const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: "block" });
  const person = new Person(context, demo);
  const page = await person.tab();
  await person.signIn(page, "admin");
  const pods = (await demo.kube("GET", "/api/v1/pods")).items.slice(0, KRATES);
  const file = join(tmpdir(), `krateyard-pan-${process.pid}.json`);
  writeFileSync(file, JSON.stringify(yardOf(pods)));
  const chooser = page.waitForEvent("filechooser");
  await page.keyboard.press("/");
  await page.keyboard.type("Import a Yard");
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(file);
  await page.waitForFunction((count) => document.querySelectorAll("article").length > 0 && window.performance.now() > 0 && count, KRATES);
  await page.keyboard.press("Escape");
  await page.waitForTimeout(2_000);
  // From everything in sight, as cards, to where some forty windows are.
  await page.keyboard.press("1");
  await page.waitForTimeout(1_000);
  const live = () => page.locator(".win").filter({ visible: true }).count();
  await page.mouse.move(720, 450);
  await page.keyboard.press("0");
  await page.waitForTimeout(1_000);
  for (let step = 0; step < 40 && (await live()) < 40; step += 1) {
    await page.evaluate(() => document.elementFromPoint(720, 450).dispatchEvent(new WheelEvent("wheel", { bubbles: true, cancelable: true, clientX: 720, clientY: 450, deltaY: 8, ctrlKey: true })));
    // Windows come one by one.
    await page.waitForTimeout(500);
  }
  await page.waitForTimeout(3_000);
  const windows = await live();
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    runs.push({
      still: await page.evaluate(frames, { count: FRAMES / 4, moves: false }),
      moving: await page.evaluate(frames, { count: FRAMES, moves: true }),
    });
  }
  const of = (key, part) => median(runs.map((run) => at(run[key], part)));
  console.log(JSON.stringify({
    ours_ms: of("moving", 0.95), half_ms: of("moving", 0.5), p99_ms: of("moving", 0.99), still_ms: of("still", 0.95), krates: KRATES, windows, frames: FRAMES, runs: RUNS,
  }));
} finally {
  await browser.close();
  await demo.stop();
}
