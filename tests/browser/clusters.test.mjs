// Several clusters behind one proxy: the way from one to the other, and what a person sees when one dies, expires, is removed and is added again.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startOnFile, startSimulator } from "./support/demo.mjs";
import { launch, newcomer, signedIn } from "./support/people.mjs";
import { find, krate, namesIn, until } from "./support/yard.mjs";

const [PROD, STAGING] = ["prod-eu-1", "staging-eu-1"];
let browser, prod, staging, folder, file, proxy;

/** Writes which clusters there are. */
function write(...clusters) {
  const entry = ([name, cluster]) => `[[clusters]]\nname = "${name}"\nserver = "${cluster.url}"\ntoken = "krateyard-proxy"\n`;
  writeFileSync(file, clusters.map(entry).join("\n"));
}

before(async () => {
  browser = await launch();
  prod = await startSimulator({ pods: 60, still: true });
  staging = await startSimulator({ pods: 40, seed: 7, still: true });
  folder = mkdtempSync(join(tmpdir(), "krateyard-clusters-"));
  file = join(folder, "krateyard.toml");
  write([PROD, prod], [STAGING, staging]);
  proxy = await startOnFile(file);
});

after(async () => {
  await Promise.all([browser?.close(), proxy?.stop(), prod?.stop(), staging?.stop()]);
  if (folder) rmSync(folder, { recursive: true });
});

const world = () => ({ browser, demo: { url: proxy.url, tokens: prod.tokens } });
const shown = (page, name) => page.getByRole("navigation", { name: "Krateyard" }).getByRole("button", { name, exact: true });
const menu = (page) => page.getByRole("menu", { name: "Clusters" });

/** What the menu says of a cluster; it is opened anew until that fits. */
async function menuSays(page, current, name, words) {
  await until(async () => {
    await shown(page, current).click();
    await menu(page).waitFor();
    // How each does is asked for when it opens.
    const said = await menu(page).getByRole("menuitemradio", { name }).getByText(words).waitFor({ timeout: 1000 }).then(() => true, () => false);
    if (!said) await page.keyboard.press("Escape");
    return said;
  }, (said) => said);
}

async function switchTo(page, from, to) {
  await shown(page, from).click();
  await menu(page).getByRole("menuitemradio", { name: to }).click();
  await shown(page, to).waitFor();
}

async function podsOf(cluster, namespace) {
  const answer = await fetch(`${cluster.url}/api/v1/namespaces/${namespace}/pods`, { headers: { authorization: "Bearer demo-admin" } });
  return (await answer.json()).items.map((pod) => pod.metadata.name).sort();
}

async function simulate(cluster, path, body) {
  const answer = await fetch(cluster.control + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  assert.ok(answer.ok, path);
}

/** A live list of the pods of a small namespace, equal to the cluster's. */
async function openPods(page, cluster) {
  await find(page, "ns:edge pods");
  await page.locator(".hit.sel", { hasText: "Pods" }).filter({ hasText: "edge" }).click();
  return equals(krate(page, "Pods"), cluster);
}

async function equals(list, cluster) {
  await list.locator(".stream.live").waitFor();
  await until(async () => [await namesIn(list), await podsOf(cluster, "edge")], ([names, there]) => names.join() === there.join());
  return list;
}

test("one cluster at a time: another is chosen from the menu, and nothing of the one before is held", async (t) => {
  const person = await signedIn(t, world(), "admin");
  const { page } = person;
  const open = new Set();
  page.on("websocket", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  // One for the rows, one for the Yard.
  const paths = async () => [...open].map((socket) => new URL(socket.url()).pathname).sort().join(" ");
  await shown(page, PROD).waitFor();
  await switchTo(page, PROD, STAGING);
  await openPods(page, staging);
  await until(paths, (now) => now === "/ws/sync /ws/watch");
  await switchTo(page, STAGING, PROD);
  await until(paths, (now) => now === "/ws/sync /ws/watch");
  await openPods(page, prod);
  await switchTo(page, PROD, STAGING);
  // What was chosen last is remembered.
  await page.reload();
  await shown(page, STAGING).waitFor();
  await equals(krate(page, "Pods"), staging);
});

test("a link opens its own cluster, before and after the sign-in", async (t) => {
  const link = `${proxy.url}/#view=100,200&zoom=1&cluster=${STAGING}`;
  const person = await signedIn(t, world(), "admin");
  await shown(person.page, PROD).waitFor();
  await person.page.goto(link);
  await shown(person.page, STAGING).waitFor();
  await person.page.getByRole("button", { name: "100 %" }).waitFor();

  const other = await newcomer(t, world());
  await other.page.goto(link);
  await other.page.reload();
  await other.signIn(other.page, "admin");
  await shown(other.page, STAGING).waitFor();
  await until(() => other.page.evaluate(() => location.hash), (hash) => hash === "");
});

test("a cluster that dies or expires says so in words, and the other goes on", async (t) => {
  const person = await signedIn(t, world(), "admin");
  const { page } = person;
  const list = await openPods(page, prod);
  await staging.stop();
  await menuSays(page, PROD, STAGING, "does not answer");
  await person.picture(page, "clusters-dead-dark");
  await page.keyboard.press("Escape");
  await list.locator(".stream.live").waitFor();
  await staging.start();
  await menuSays(page, PROD, STAGING, "v1.");
  await page.keyboard.press("Escape");
  await simulate(staging, "/tokens/revoke", { token: "krateyard-proxy" });
  await menuSays(page, PROD, STAGING, "refuses the credentials");
  await page.keyboard.press("Escape");
  await list.locator(".stream.live").waitFor();
  await simulate(staging, "/tokens/add", { token: "krateyard-proxy", user: "system:serviceaccount:krateyard:krateyard", groups: ["system:serviceaccounts", "system:authenticated"] });
  await menuSays(page, PROD, STAGING, "v1.");
});

test("a cluster that is removed while it is shown says so over the page, which goes on when it is added again", async (t) => {
  const person = await signedIn(t, world(), "admin");
  const { page } = person;
  // Its REST answers are 404s, which the browser calls errors.
  person.expect(/status of 404/);
  await switchTo(page, PROD, STAGING);
  await openPods(page, staging);
  write([PROD, prod]);
  const sheet = page.getByRole("alertdialog", { name: `${STAGING} was removed` });
  await sheet.waitFor();
  await person.picture(page, "cluster-removed-dark");
  write([PROD, prod], [STAGING, staging]);
  await sheet.waitFor({ state: "detached" });
  await equals(krate(page, "Pods"), staging);

  write([PROD, prod]);
  await sheet.waitFor();
  await sheet.getByRole("button", { name: PROD }).click();
  await shown(page, PROD).or(page.locator("nav .cluster", { hasText: PROD })).first().waitFor();
  await sheet.waitFor({ state: "detached" });
  // It is known to be there again without anybody asking.
  assert.equal(await shown(page, PROD).count(), 0, "there is no other to choose");
  write([PROD, prod], [STAGING, staging]);
  await menuSays(page, PROD, STAGING, "v1.");
});
