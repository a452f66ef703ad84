// Several people on one Yard: each sees what they may, at once, and nothing is lost without a network.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, newcomer, signedIn } from "./support/people.mjs";
import { atRest, drag, find, krate, place, until, windowOf } from "./support/yard.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

/** The krate of exactly this name: a service's is the beginning of its pods'. */
const named = (page, name) => page.getByRole("article", { name: `Krate ${name}`, exact: true });

/** Opens the default view of something. */
async function open(page, name) {
  await find(page, name);
  await page.keyboard.press("Enter");
  await named(page, name).waitFor();
}

/** What the top bar says of sharing. */
const shared = (page) => page.locator("[data-sync]");

test("a krate is seen by those who may read its namespace, and by nobody else", async (t) => {
  const [admin, viewer, editor] = [await signedIn(t, world, "admin"), await signedIn(t, world, "viewer"), await signedIn(t, world, "editor")];
  const [web, payments] = [await world.demo.readyPod("web"), await world.demo.readyPod("payments")];
  await open(admin.page, web);
  await open(admin.page, payments);
  await krate(viewer.page, web).waitFor();
  await krate(editor.page, payments).waitFor();
  assert.equal(await krate(viewer.page, payments).count(), 0);
  assert.equal(await krate(editor.page, web).count(), 0);
  await shared(admin.page).getByText("synced").waitFor();

  // Moved by one, it moves for the other, at the same place in the end.
  await atRest(admin.page);
  const before = await place(krate(viewer.page, web));
  await drag(admin.page, krate(admin.page, web).locator("> header"), 60, 140, { x: 60, y: 12 });
  const moved = await until(() => place(krate(viewer.page, web)), (now) => now !== before);
  await until(async () => [await place(krate(viewer.page, web)), await place(krate(admin.page, web))], ([theirs, mine]) => theirs === mine && theirs !== before);
  assert.ok(moved);

  // Undo takes back one's own, for everybody; the viewer has nothing to take back.
  await viewer.page.keyboard.press("Control+z");
  await admin.page.keyboard.press("Control+z");
  await until(() => place(krate(viewer.page, web)), (now) => now === before);

  // A right that is taken away takes the room off the screen.
  const bindings = `/apis/rbac.authorization.k8s.io/v1/namespaces/${world.demo.namespace("web")}/rolebindings/web-viewers`;
  const binding = await world.demo.kube("GET", bindings);
  await world.demo.kube("DELETE", bindings);
  await krate(viewer.page, web).waitFor({ state: "detached", timeout: 5_000 });
  delete binding.metadata.resourceVersion;
  delete binding.metadata.uid;
  await world.demo.kube("POST", bindings.replace(/\/[^/]*$/, ""), binding);
  await krate(viewer.page, web).waitFor();
  await viewer.picture(viewer.page, "shared-viewer");
});

test("krates that are selected move and close together, and others see who selected what", async (t) => {
  const [admin, viewer] = [await signedIn(t, world, "admin"), await signedIn(t, world, "viewer")];
  const pods = [await world.demo.readyPod("web", 0), await world.demo.readyPod("web", 1)];
  for (const pod of pods) await open(admin.page, pod);
  for (const pod of pods) await krate(viewer.page, pod).waitFor();
  await admin.page.keyboard.press("Escape");
  await admin.page.keyboard.press("1");
  await atRest(admin.page);
  for (const pod of pods) await krate(admin.page, pod).locator("> header").click({ position: { x: 60, y: 12 }, modifiers: ["Shift"] });
  const island = admin.page.getByRole("status").filter({ hasText: "2 krates selected" });
  await island.waitFor();
  for (const pod of pods) await viewer.page.locator("article.theirs", { hasText: pod.slice(-5) }).locator(".peerflag", { hasText: "admin" }).waitFor();
  await admin.picture(admin.page, "selection");
  await viewer.picture(viewer.page, "selection-of-another");

  // Dragged by one of them both move by the same way, already before they are dropped; together they come back.
  const places = (page) => Promise.all(pods.map((pod) => place(krate(page, pod))));
  const before = await places(admin.page);
  const box = await krate(admin.page, pods[0]).locator("> header").boundingBox();
  await admin.page.mouse.move(box.x + 60, box.y + 12);
  await admin.page.mouse.down();
  await admin.page.mouse.move(box.x + 90, box.y + 132, { steps: 5 });
  await until(() => places(viewer.page), (now) => now.every((at, n) => at !== before[n]), 2_000);
  await admin.page.mouse.up();
  await until(async () => [await places(viewer.page), await places(admin.page)].map(String), ([theirs, mine]) => theirs === mine && mine !== String(before));
  await admin.page.keyboard.press("Control+z");
  await until(async () => String(await places(viewer.page)), (now) => now === String(before));

  // Escape lets go; a frame over the ground takes what it touches; closed together, they come back together.
  await admin.page.keyboard.press("Escape");
  await island.waitFor({ state: "detached" });
  await admin.page.keyboard.down("Shift");
  await admin.page.mouse.move(30, 60);
  await admin.page.mouse.down();
  await admin.page.mouse.move(1400, 760, { steps: 5 });
  await admin.page.locator(".framed").waitFor();
  await admin.page.mouse.up();
  await admin.page.keyboard.up("Shift");
  await island.waitFor();
  await island.getByRole("button", { name: "Close" }).click();
  for (const pod of pods) await krate(viewer.page, pod).waitFor({ state: "detached" });
  await admin.page.keyboard.press("Control+z");
  for (const pod of pods) await krate(viewer.page, pod).waitFor();
});

test("people see each other's cursors, drags and focus, follow each other, and hide", async (t) => {
  const [admin, viewer] = [await signedIn(t, world, "admin"), await signedIn(t, world, "viewer")];
  const pod = await world.demo.readyPod("web");
  await open(admin.page, pod);
  await krate(viewer.page, pod).waitFor();
  await atRest(admin.page);
  const people = viewer.page.getByRole("button", { name: /^People/ });
  await viewer.page.getByRole("button", { name: "People: 1 more here" }).waitFor();
  await krate(viewer.page, pod).locator(".peerflag", { hasText: "admin" }).waitFor();

  await admin.page.mouse.move(300, 700);
  await admin.page.mouse.move(320, 700);
  const cursor = viewer.page.locator(".peer-cursor", { hasText: "admin" });
  await cursor.waitFor();
  const was = await cursor.evaluate((element) => element.style.transform);
  await admin.page.mouse.move(500, 620, { steps: 4 });
  await until(() => cursor.evaluate((element) => element.style.transform), (now) => now !== was, 1_000);

  // While it is dragged it is seen on its way; nothing is written before it is dropped.
  const header = krate(admin.page, pod).locator("> header");
  const box = await header.boundingBox();
  const before = await place(krate(viewer.page, pod));
  await admin.page.mouse.move(box.x + 60, box.y + 12);
  await admin.page.mouse.down();
  await admin.page.mouse.move(box.x + 160, box.y + 90, { steps: 5 });
  await until(() => place(krate(viewer.page, pod)), (now) => now !== before, 1_000);
  await admin.page.mouse.up();
  await until(async () => [await place(krate(viewer.page, pod)), await place(krate(admin.page, pod))], ([theirs, mine]) => theirs === mine);

  await people.click();
  const drawer = viewer.page.getByRole("complementary", { name: "People" });
  const row = drawer.locator(".person", { hasText: "admin@example.com" });
  await row.getByText("active").waitFor();
  await row.getByRole("button", { name: "Fly there" }).or(row.locator("li button")).first().waitFor();
  await viewer.picture(viewer.page, "people-drawer");
  await row.getByRole("button", { name: "Follow" }).click();
  const camera = (page) => page.locator(".world").evaluate((element) => element.style.transform);
  const stood = await camera(viewer.page);
  await admin.page.mouse.move(200, 300);
  await admin.page.mouse.wheel(0, 400);
  await until(() => camera(viewer.page), (now) => now !== stood);
  assert.equal(await row.getByRole("button", { name: "Following" }).getAttribute("aria-pressed"), "true");
  await viewer.page.mouse.move(200, 300);
  await viewer.page.mouse.wheel(0, 30);
  await row.getByRole("button", { name: "Follow", exact: true }).waitFor();

  await admin.page.getByRole("button", { name: /^People/ }).click();
  await admin.page.getByLabel("Hide where I am and what I do").check();
  await cursor.waitFor({ state: "detached", timeout: 5_000 });
  await viewer.page.getByText("1 on prod-eu-1").waitFor();
});

test("a shell of somebody else does not start here, and notes and arrows are seen by who may see their krates", async (t) => {
  const [admin, viewer] = [await signedIn(t, world, "admin"), await signedIn(t, world, "viewer")];
  const pod = await world.demo.readyPod("web");
  await find(admin.page, pod);
  await admin.page.keyboard.press("Alt+s");
  await windowOf(admin.page, pod, "Shell").locator(".xterm-rows", { hasText: "#" }).waitFor();
  await windowOf(viewer.page, pod, "Shell").waitFor();
  assert.equal(await viewer.page.locator(".xterm-rows").count(), 0);
  await admin.page.keyboard.press("Control+Shift+Escape");

  await admin.page.getByRole("button", { name: "Note" }).click();
  await admin.page.getByLabel("What the note says").fill("DB fail-over 13:58; do not roll back");
  await admin.page.keyboard.press("Escape");
  await viewer.page.locator(".sticky", { hasText: "DB fail-over 13:58" }).waitFor();
  const other = await world.demo.kube("GET", `/api/v1/namespaces/${world.demo.namespace("web")}/services`);
  const service = other.items[0].metadata.name;
  await open(admin.page, service);
  await atRest(admin.page);
  await admin.page.keyboard.press("1");
  await atRest(admin.page);
  await admin.page.getByRole("button", { name: "Arrow: click its two krates" }).click();
  await named(admin.page, pod).click({ position: { x: 80, y: 12 } });
  await named(admin.page, service).click({ position: { x: 80, y: 12 } });
  await viewer.page.locator(".arrows g").waitFor({ state: "attached" });
  await admin.picture(admin.page, "notes-and-arrows");
});

test("what is done without a network is kept over a reload and merges when it is back", async (t) => {
  const admin = await signedIn(t, world, "admin");
  const offline = await newcomer(t, world, { serviceWorkers: "allow" });
  offline.expect(/ERR_INTERNET_DISCONNECTED|WebSocket|Failed to fetch|net::ERR/);
  await offline.signIn(offline.page, "editor");
  const pod = await world.demo.readyPod("payments");
  await open(admin.page, pod);
  await krate(offline.page, pod).waitFor();
  await atRest(offline.page);
  // The page is kept by the service worker once that has all of it.
  await offline.page.evaluate(async () => { await navigator.serviceWorker.ready; });
  await until(() => offline.page.evaluate(async () => {
    for (const name of await caches.keys()) if (await (await caches.open(name)).match("/complete")) return true;
    return false;
  }), (complete) => complete);
  await offline.context.setOffline(true);
  await shared(offline.page).getByText("offline").waitFor({ timeout: 60_000 });
  const before = await place(krate(offline.page, pod));
  await drag(offline.page, krate(offline.page, pod).locator("> header"), 90, 120, { x: 60, y: 12 });
  const moved = await until(() => place(krate(offline.page, pod)), (now) => now !== before);
  await shared(offline.page).getByText(/1 change/).waitFor();
  await offline.page.reload();
  await krate(offline.page, pod).waitFor();
  assert.equal(await place(krate(offline.page, pod)), moved, "kept over a reload without a network");
  await offline.picture(offline.page, "offline");
  assert.equal(await place(krate(admin.page, pod)), before);
  await offline.context.setOffline(false);
  await until(() => place(krate(admin.page, pod)), (now) => now === moved);
  await shared(offline.page).getByText("synced").waitFor();
});
