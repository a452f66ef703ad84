// The page comes up, says what it is, and lets in those whom the cluster knows.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CLUSTER, startDemo } from "./support/demo.mjs";
import { launch, newcomer, signedIn } from "./support/people.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo();
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

test("somebody new sees the sign-in page of this cluster", async (t) => {
  const { page } = await newcomer(t, world);
  await page.getByLabel("Bearer token").waitFor();
  await page.getByText(CLUSTER).first().waitFor();
  await page.getByText("cluster reachable").waitFor();
  assert.equal(await page.title(), "Krateyard");
});

test("a token that the cluster does not know is refused in words", async (t) => {
  const person = await newcomer(t, world);
  await person.page.getByLabel("Bearer token").fill("no-such-token");
  await person.page.getByRole("button", { name: "Sign in with token" }).click();
  await person.page.getByRole("alert").getByText("does not accept this token").waitFor();
  assert.equal(await person.page.getByRole("navigation", { name: "Krateyard" }).count(), 0);
});

test("an administrator signs in, sees the cluster's name, and is still signed in after a reload", async (t) => {
  const person = await signedIn(t, world, "admin");
  const bar = person.page.getByRole("navigation", { name: "Krateyard" });
  await bar.getByText(CLUSTER).filter({ visible: true }).waitFor();
  await person.page.reload();
  await bar.waitFor();
  await person.picture(person.page, "signed-in");
});
