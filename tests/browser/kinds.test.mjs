// Kinds that have no table of their own: found by their words, listed with kubectl's columns, described.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, signedIn } from "./support/people.mjs";
import { atRest, find, krate, namesIn, windowOf } from "./support/yard.mjs";

// What the simulated world has; a real cluster has a scene of its own.
const simulated = { skip: process.env.KRATEYARD_SCENE ? "its objects are the simulator's" : false };

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

/** Opens the list of a kind by its word, and waits for its rows. */
async function list(page, word, title) {
  await find(page, word);
  await page.locator(".hit", { hasText: title }).first().click();
  const window = krate(page, title);
  await window.locator(".rows tr").first().waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  return window;
}

const columns = (window) => window.locator(".head th").allInnerTexts();

test("an administrator lists claims, secrets, budgets and autoscalers, and reads why one of them is not well", simulated, async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;

  const claims = await list(page, "pvc", "Volume claims");
  assert.deepEqual((await columns(claims)).slice(0, 2), ["Name", "Status"]);
  await claims.getByText("no volume of class fast yet").waitFor();

  const secrets = await list(page, "secrets", "Secrets");
  assert.deepEqual(await columns(secrets), ["Name", "Type", "Data", "Age"]);
  assert.ok((await namesIn(secrets)).includes("payments-db"));

  const scalers = await list(page, "hpa", "Pod autoscalers");
  await scalers.getByText("FailedGetResourceMetric").waitFor();
  await list(page, "sts", "Stateful sets");
  await page.keyboard.press("1");
  await atRest(page);
  await person.picture(page, "kinds-lists");

  await find(page, "payments-db ns:payments");
  await page.locator(".hit", { hasText: "StatefulSet" }).first().click();
  const set = windowOf(page, "payments-db", "Describe");
  await set.getByText("postgres:16.4").first().waitFor();
  await set.getByText("payments-db-0").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("1");
  await atRest(page);
  await person.picture(page, "kinds-describe");
});

test("a viewer of one namespace lists its claims, and reads which right is missing for its secrets", simulated, async (t) => {
  const person = await signedIn(t, world, "viewer");
  const { page } = person;
  const claims = await list(page, "pvc", "Volume claims");
  assert.ok((await namesIn(claims)).every((name) => name.startsWith("data-session-store-")));
  await find(page, "ns:web secrets");
  await page.locator(".hit", { hasText: "Secrets" }).first().click();
  await krate(page, "Secrets").getByText("list secrets web").waitFor();
  await person.picture(page, "kinds-viewer");
});
