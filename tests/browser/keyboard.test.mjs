// Without a mouse: the keyboard alone, and fingers. What a person prefers, and what they opened lately.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, newcomer, signedIn } from "./support/people.mjs";
import { atRest, find, krate, movedFrom, place, until, windowOf } from "./support/yard.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

/** Opens the list of a kind and gives the keyboard back to the canvas. */
async function list(page, word, title) {
  await find(page, word);
  await page.locator(".hit", { hasText: title }).first().click();
  await krate(page, title).locator(".rows tr").first().waitFor();
  await page.keyboard.press("Escape");
}

test("a person goes around the Yard, moves, resizes, minimises and closes by keys alone", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  await list(page, "pods", "Pods");
  await list(page, "services", "Services");
  await atRest(page);

  const active = (title) => page.locator(".krate.active", { has: page.getByRole("heading", { name: title }) }).waitFor();
  await active("Services");
  await page.keyboard.press("ArrowLeft");
  await active("Pods");
  await atRest(page);
  await person.picture(page, "keyboard-krate");

  const before = await place(krate(page, "Pods"));
  await page.keyboard.press("Alt+ArrowUp");
  await movedFrom(page, krate(page, "Pods"), before);

  await page.keyboard.press("Enter");
  await krate(page, "Pods").locator(".win.keys").waitFor();
  const narrow = await place(krate(page, "Pods").locator(".win"));
  await page.keyboard.press("Alt+ArrowLeft");
  await movedFrom(page, krate(page, "Pods").locator(".win"), narrow);

  await page.keyboard.press("F6");
  await krate(page, "Services").locator(".win.keys").waitFor();
  await page.keyboard.press("Shift+F6");
  await krate(page, "Pods").locator(".win.keys").waitFor();
  await page.keyboard.press("m");
  await page.locator(".krate.min", { has: page.getByRole("heading", { name: "Pods" }) }).waitFor();
  await page.keyboard.press("Enter");
  await krate(page, "Pods").locator(".win.keys").waitFor();

  await page.keyboard.press("Escape");
  await page.keyboard.press("Delete");
  await krate(page, "Pods").waitFor({ state: "detached" });
  await page.keyboard.press("Control+z");
  await krate(page, "Pods").waitFor();

  const camera = await page.locator(".world").getAttribute("style");
  await page.keyboard.press("Shift+ArrowRight");
  await until(() => page.locator(".world").getAttribute("style"), (style) => style !== camera);
});

test("a window that has the keyboard changes its view by Alt and a letter, and scrolls by arrows", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const pod = await world.demo.readyPod("payments");
  await find(page, pod);
  await page.keyboard.press("Alt+d");
  await windowOf(page, pod, "Describe").getByText("Conditions").waitFor();
  await page.keyboard.press("Alt+y");
  const yaml = windowOf(page, pod, "YAML");
  await yaml.getByText("apiVersion").first().waitFor();
  await page.keyboard.press("End");
  await until(() => yaml.locator(".scrolls").first().evaluate((pane) => pane.scrollTop), (top) => top > 50);
});

test("two fingers on the ground zoom, and one pans", async (t) => {
  const person = await signedIn(t, world, "admin", { hasTouch: true });
  const { page } = person;
  await list(page, "pods", "Pods");
  await page.keyboard.press("0");
  await atRest(page);
  const client = await page.context().newCDPSession(page);
  const touch = (type, ...points) => client.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  const zoom = () => page.locator(".pct").innerText();
  assert.equal(await zoom(), "100 %");
  // The bottom of the screen, left of the minimap, is bare ground.
  await touch("touchStart", [300, 840]);
  await touch("touchStart", [300, 840], [400, 840]);
  await touch("touchMove", [250, 840], [450, 840]);
  await touch("touchEnd", [250, 840]);
  await touch("touchEnd");
  assert.equal(await zoom(), "200 %");
  await touch("touchStart", [300, 840]);
  const before = await page.locator(".world").getAttribute("style");
  await touch("touchMove", [380, 800]);
  await touch("touchEnd");
  assert.notEqual(await page.locator(".world").getAttribute("style"), before);
  assert.equal(await zoom(), "200 %");
  assert.equal(await page.getByRole("dialog").count(), 0, "a pan is no tap");
});

test("preferences are kept for the next visit, and motion stops where a person wants none", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  await page.keyboard.press("Control+,");
  const sheet = page.getByRole("dialog", { name: "Preferences" });
  await sheet.getByRole("group", { name: "Theme" }).getByLabel("Light").check();
  await sheet.getByRole("group", { name: "Motion" }).getByLabel("None").check();
  await sheet.getByRole("group", { name: "Wheel over the ground" }).getByLabel("Zooms").check();
  await person.picture(page, "preferences");
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  await page.reload();
  await page.getByRole("navigation", { name: "Krateyard" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "light");
  const flight = await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--time-reflow"));
  assert.equal(flight.trim(), "0ms");
  await page.mouse.move(700, 820);
  await page.mouse.wheel(0, -200);
  await until(() => page.locator(".pct").innerText(), (text) => text !== "92 %");
});

test("what was opened lately is offered first, also after a reload, until it is forgotten; Tab offers the filters used before", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const pod = await world.demo.readyPod("payments");
  await find(page, pod);
  await page.keyboard.press("Alt+d");
  await windowOf(page, pod, "Describe").waitFor();
  await until(() => page.evaluate(() => Object.keys(localStorage).some((key) => key.startsWith("krateyard.recent"))), Boolean);
  await page.reload();
  await page.getByRole("navigation", { name: "Krateyard" }).waitFor();
  await page.keyboard.press("/");
  const first = page.locator(".group").first();
  await first.getByText("Opened lately").waitFor();
  await person.picture(page, "spotlight-recent");
  assert.ok((await page.locator(".hit").first().innerText()).includes(pod.slice(0, 8)));

  await page.keyboard.type("po");
  await page.keyboard.press("Tab");
  await page.locator(".pill", { hasText: "pods" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.getByRole("combobox", { name: "Find anything" }).waitFor();
  await page.keyboard.press("Tab");
  await page.locator(".pill", { hasText: "pods" }).waitFor();
  await page.keyboard.press("Escape");

  await page.keyboard.press("Control+,");
  await page.getByRole("button", { name: "Forget" }).click();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.locator(".hit").first().waitFor();
  assert.equal(await page.getByText("Opened lately").count(), 0);
});

test("nothing moves by itself for somebody whose system asks for less motion", async (t) => {
  const person = await newcomer(t, world, { reducedMotion: "reduce" });
  await person.signIn(person.page, "admin");
  const { page } = person;
  await list(page, "pods", "Pods");
  await page.keyboard.press("1");
  const here = await page.locator(".world").getAttribute("style");
  await atRest(page);
  assert.equal(await page.locator(".world").getAttribute("style"), here, "the camera jumped");
});
