// krateyard alone, on a kubeconfig with two contexts: one link, one cluster at a time, and nothing asked of the one that nobody opened.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startLaptop, startSimulator } from "./support/demo.mjs";
import { launch, newcomer } from "./support/people.mjs";

let browser, here, there, folder, laptop;

before(async () => {
  [browser, here, there] = await Promise.all([launch(), startSimulator({ pods: 60 }), startSimulator({ pods: 30, seed: 7 })]);
  folder = mkdtempSync(join(tmpdir(), "krateyard-laptop-"));
  const file = join(folder, "config");
  const one = (name, of) => `- name: ${name}\n  ${of}`;
  writeFileSync(file, [
    "apiVersion: v1", "kind: Config", "current-context: here",
    "clusters:", one("here", `cluster: {server: "${here.url}"}`), one("there", `cluster: {server: "${there.url}"}`),
    "users:", one("me", "user: {token: demo-admin}"),
    "contexts:", one("here", "context: {cluster: here, user: me}"), one("there", "context: {cluster: there, user: me}"), "",
  ].join("\n"));
  laptop = await startLaptop(file);
});

after(async () => {
  await Promise.all([browser?.close(), laptop?.stop(), here?.stop(), there?.stop()]);
  if (folder) rmSync(folder, { recursive: true });
});

const asked = async (cluster) => {
  const counts = await (await fetch(`${cluster.control}/requests`)).json();
  return counts.reduce((sum, { made }) => sum + made, 0);
};

const world = () => ({ browser, demo: laptop });
const cluster = (page, name) => page.getByRole("navigation", { name: "Krateyard" }).getByRole("button", { name, exact: true });

test("without the link the page says where to find one, and asks for no token", async (t) => {
  const { page } = await newcomer(t, world());
  await page.getByText("Open the link that is printed in the terminal").waitFor();
  assert.equal(await page.getByLabel("Bearer token").isVisible(), false);
});

test("the link opens the page once, on the current context; the other one is contacted when it is chosen", async (t) => {
  // What asked so far is whoever waited for the simulator to start.
  const before = await asked(there);
  const person = await newcomer(t, world());
  const { page } = person;
  await page.goto(laptop.link);
  await cluster(page, "here").waitFor();
  await page.locator(".chips .chip").first().waitFor();
  assert.equal(await asked(there), before, "nobody opened it");

  await cluster(page, "here").focus();
  await page.keyboard.press("Enter");
  const menu = page.getByRole("menu", { name: "Clusters" });
  await menu.getByRole("menuitemradio", { name: /there/ }).waitFor();
  assert.equal(await menu.getByRole("menuitemradio").count(), 2);
  await menu.getByText("v1.").waitFor();
  await person.picture(page, "laptop-clusters-dark");
  assert.equal(await asked(there), before, "to look at the menu is not to open what is in it");
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "detached" });
  await page.keyboard.press("Enter");
  await menu.waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await cluster(page, "there").waitFor();
  await page.locator(".chips .chip").first().waitFor();
  assert.ok(await asked(there) > before);

  // What was chosen last is remembered; the session is a cookie, and the link is used up.
  await page.goto(laptop.url);
  await cluster(page, "there").waitFor();
  await page.getByTitle("Light theme").click();
  await cluster(page, "there").click();
  await menu.waitFor();
  await person.picture(page, "laptop-clusters-light");
  const stranger = await fetch(laptop.link, { redirect: "manual" });
  assert.equal(stranger.status, 410);
  assert.match(await stranger.text(), /Press Enter in the terminal/);
});
