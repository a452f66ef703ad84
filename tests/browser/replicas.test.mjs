// Two proxies behind one address, on one Yard: either may die, and the people on it go on at the other one.

import { after, before, test } from "node:test";
import { startReplicas } from "./support/demo.mjs";
import { launch, signedIn } from "./support/people.mjs";
import { atRest, drag, find, krate, place, until } from "./support/yard.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startReplicas({ pods: 60, still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

test("whichever proxy is killed, edits arrive and people see each other", async (t) => {
  const { demo } = world;
  const [admin, viewer] = [await signedIn(t, world, "admin"), await signedIn(t, world, "viewer")];
  for (const person of [admin, viewer]) person.expect(/WebSocket|ERR_|Failed to (fetch|load)/);
  const pod = await demo.readyPod("web");
  await find(admin.page, pod);
  await admin.page.keyboard.press("Enter");
  await krate(viewer.page, pod).waitFor();
  await atRest(admin.page);
  const cursor = viewer.page.locator(".peer-cursor", { hasText: "admin" });
  for (const which of [0, 1]) {
    const before = await place(krate(viewer.page, pod));
    await Promise.all([demo.killReplica(which), drag(admin.page, krate(admin.page, pod).locator("> header"), 60, 90, { x: 60, y: 12 })]);
    await until(async () => [await place(krate(viewer.page, pod)), await place(krate(admin.page, pod))], ([theirs, mine]) => theirs === mine && theirs !== before);
    for (const { page } of [admin, viewer]) await page.locator("[data-sync]").getByText("synced").waitFor();
    await until(async () => {
      await admin.page.mouse.move(300 + 200 * Math.random(), 700);
      return cursor.count();
    }, (seen) => seen === 1);
    // Nobody was asked to sign in again.
    for (const { page } of [admin, viewer]) await page.getByRole("navigation", { name: "Krateyard" }).waitFor();
    await demo.startReplica(which);
  }
});
