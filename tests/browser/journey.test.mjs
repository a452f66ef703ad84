// The main job, end to end, as each of the three people of the demo: sign in, type, find, open, arrange, reload.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, signedIn } from "./support/people.mjs";
import { atRest, drag, find, krate, movedFrom, place, shows, windowOf } from "./support/yard.mjs";

const world = {};
before(async () => {
  // One at a time: what has begun is known to `after` when the next one fails.
  world.browser = await launch();
  world.demo = await startDemo({ still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

test("an administrator finds a failing pod, opens its logs, a shell and the list of its namespace, arranges them, and finds all after a reload", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const running = await world.demo.readyPod("payments");

  await page.getByText("Type to find anything in").waitFor();
  await page.keyboard.type("payapi");
  const first = page.locator(".hit").first();
  await first.getByText(world.demo.crashing).waitFor();
  const failing = await first.locator(".name").getAttribute("title");
  assert.match(failing, /^payments-api-/);
  await page.keyboard.press("Enter");
  const logs = windowOf(page, failing, "Logs");
  await logs.getByText("panic").first().waitFor();
  await krate(page, failing).getByText(world.demo.crashing).waitFor();
  await page.keyboard.press("Escape");

  await find(page, running);
  await page.keyboard.press("Alt+s");
  const shell = windowOf(page, running, "Shell");
  await shows(shell, "#");
  await page.keyboard.type("echo one-$?-two\n");
  await shows(shell, "one-0-two");
  await page.keyboard.press("Control+Shift+Escape");

  await find(page, `ns:${world.demo.namespace("payments")} pods`);
  await page.keyboard.press("Enter");
  const list = krate(page, "Pods");
  await list.getByRole("grid").getByText(world.demo.crashing).first().waitFor();
  const firstRow = await list.locator(".rows tr").first().innerText();
  assert.match(firstRow, /CrashLoopBackOff|Error|ImagePull/, "what is bad comes first");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");

  await page.keyboard.press("1");
  await atRest(page);
  const before = await place(krate(page, failing));
  await drag(page, krate(page, failing).locator("header").first(), 40, 260, { x: 130, y: 12 });
  await movedFrom(page, krate(page, failing), before);
  const sizeBefore = await place(logs);
  await drag(page, logs.locator(".resize"), 60, 40);
  await movedFrom(page, logs, sizeBefore);
  const there = await Promise.all([failing, running, "Pods"].map((title) => place(krate(page, title))));
  await person.picture(page, "journey-admin");

  await page.reload();
  await krate(page, "Pods").getByRole("grid").getByText(world.demo.crashing).first().waitFor();
  const back = await Promise.all([failing, running, "Pods"].map((title) => place(krate(page, title))));
  assert.deepEqual(back, there, "everything is where it was");
  await windowOf(page, failing, "Logs").getByText("panic").first().waitFor();
  await krate(page, running).getByText(`Start a shell in ${running}`).waitFor();
  await person.picture(page, "journey-admin-reloaded");
});

test("close asks nothing, and Ctrl+Z brings it back", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  await find(page, "nodes");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Escape");
  await find(page, "deploy");
  await page.locator(".hit", { hasText: "Deployments" }).first().click();
  const deployments = krate(page, "Deployments");
  await deployments.locator(".rows tr").first().waitFor();
  await page.keyboard.press("Escape");
  await deployments.getByRole("button", { name: "Close" }).first().click();
  await deployments.waitFor({ state: "detached" });
  await page.keyboard.press("Control+z");
  await deployments.locator(".rows tr").first().waitFor();
});

test("an editor of payments sees payments, opens a shell there, and reads what is missing elsewhere", async (t) => {
  const person = await signedIn(t, world, "editor");
  const { page } = person;
  const running = await world.demo.readyPod("payments");
  const elsewhere = await world.demo.readyPod("web");

  await find(page, running);
  await page.keyboard.press("Alt+s");
  await shows(windowOf(page, running, "Shell"), "#");
  await page.keyboard.type("echo edited-$?-once\n");
  await shows(windowOf(page, running, "Shell"), "edited-0-once");
  await page.keyboard.press("Control+Shift+Escape");

  await page.keyboard.press("/");
  await page.keyboard.type(elsewhere);
  await page.getByText("Nothing called").waitFor();
  await page.keyboard.press("Escape");

  await find(page, "pods");
  await page.locator(".hit", { hasText: "Pods" }).first().click();
  const list = krate(page, "Pods");
  await list.locator(".rows tr").first().waitFor();
  await list.getByText("Not shown").waitFor();
  const namespaces = await list.locator(".rows td:first-child").evaluateAll((cells) => [...new Set(cells.map((cell) => cell.title))]);
  assert.deepEqual(namespaces, [world.demo.namespace("payments")]);
  await person.picture(page, "journey-editor");
});

test("a viewer of web reads logs there, and a shell is shown struck through with the missing right", async (t) => {
  const person = await signedIn(t, world, "viewer");
  const { page } = person;
  const running = await world.demo.readyPod("web");

  await find(page, running);
  const views = page.locator(".views");
  await views.locator(".no", { hasText: "create pods/exec" }).waitFor();
  await page.keyboard.press("Enter");
  const logs = windowOf(page, running, "Logs");
  await logs.locator(".log .row").first().waitFor();
  await logs.getByRole("tab", { name: "Shell" }).and(page.locator(".no")).waitFor();
  await person.picture(page, "journey-viewer");
});
