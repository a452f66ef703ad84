// The canvas from far away and out of sight: cards instead of windows, streams given back and taken again, shells that go on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, newcomer } from "./support/people.mjs";
import { atRest, find, krate, shows, until, windowOf } from "./support/yard.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

test("below 40 % krates are cards; windows out of sight for long give their streams back and take them again, and a shell goes on", async (t) => {
  const person = await newcomer(t, world);
  const { page } = person;
  await page.clock.install();
  const streams = [];
  page.on("websocket", (socket) => {
    const path = new URL(socket.url()).pathname;
    streams.push({ path, open: true });
    const [stream] = streams.slice(-1);
    socket.on("close", () => { stream.open = false; });
  });
  const open = (path) => streams.filter((stream) => stream.path === path && stream.open).length;
  await person.signIn(page, "admin");
  const pod = await world.demo.readyPod("payments");
  await find(page, pod);
  await page.keyboard.press("Alt+s");
  const shell = windowOf(page, pod, "Shell");
  await shows(shell, "#");
  await page.keyboard.type("echo still-$?-on\n");
  await shows(shell, "still-0-on");
  await page.keyboard.press("Control+Shift+Escape");
  await find(page, pod);
  await page.keyboard.press("Shift+Enter");
  await windowOf(page, pod, "Logs").locator(".log .row").first().waitFor();
  await page.keyboard.press("Escape");

  for (let n = 0; n < 6; n += 1) await page.keyboard.press("-");
  const place = page.getByRole("article", { name: `Krate ${pod}` });
  const card = place.locator(".card");
  await card.getByText("2 windows").waitFor();
  assert.deepEqual(await card.locator(".mark").allTextContents(), ["L", "S"]);
  await person.picture(page, "cards");
  assert.equal(await place.locator(".win").first().isVisible(), false, "a card is instead of the windows");
  assert.deepEqual([open("/ws/logs"), open("/ws/shell")], [1, 1], "a short look from far away costs nothing");

  await page.clock.fastForward(31_000);
  await until(() => open("/ws/logs"), (count) => count === 0);
  assert.equal(open("/ws/shell"), 1);

  await card.dblclick();
  await shell.waitFor();
  await windowOf(page, pod, "Logs").locator(".log .row").first().waitFor();
  assert.deepEqual([open("/ws/logs"), open("/ws/shell")], [1, 1]);
  await atRest(page);
  await shell.locator(".xterm-screen").click();
  await page.keyboard.type("echo again-$?-on\n");
  await shows(shell, "again-0-on");
  await shows(shell, "still-0-on");
});

test("a minimised krate keeps its shell", async (t) => {
  const person = await newcomer(t, world);
  await person.signIn(person.page, "admin");
  const { page } = person;
  const pod = await world.demo.readyPod("payments");
  await find(page, pod);
  await page.keyboard.press("Alt+s");
  const shell = windowOf(page, pod, "Shell");
  await shows(shell, "#");
  await page.keyboard.type("echo kept-$?-on\n");
  await shows(shell, "kept-0-on");
  await krate(page, pod).getByRole("button", { name: "Minimise" }).click();
  await shell.waitFor({ state: "hidden" });
  await krate(page, pod).getByRole("button", { name: "Bring back" }).click();
  await shows(shell, "kept-0-on");
});
