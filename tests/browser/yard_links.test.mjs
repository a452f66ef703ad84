// Links to krates and views, the Yard as a file and as an image, and rooms that may be read and not changed.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

/** Opens the default view of something. */
async function open(page, name) {
  await find(page, name);
  await page.keyboard.press("Enter");
  await krate(page, name).first().waitFor();
}

/** Runs a command of Spotlight. */
async function run(page, command) {
  await find(page, command);
  await page.locator(".hit.sel", { hasText: command }).waitFor();
  await page.keyboard.press("Enter");
}

/** What was said last. */
const said = (page) => page.locator(".notice.said");

/** What the page put on the clipboard. */
async function copied(person) {
  await person.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  return person.page.evaluate(() => navigator.clipboard.readText());
}

/** The link to a krate, by the button of its header. */
async function linkTo(person, name) {
  await person.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  // It shows to whoever points at the header.
  await krate(person.page, name).locator("> header").hover();
  await krate(person.page, name).getByRole("button", { name: "Copy a link to this krate" }).click();
  await said(person.page).getByText("copied").waitFor();
  return copied(person);
}

/** The krates of a page without their keys: where they are, and what their windows show. */
const contents = (page) =>
  page.locator(".krate").evaluateAll((krates) => krates.map((krate) => [
    krate.style.left, krate.style.top, krate.querySelector("h2").textContent, krate.classList.contains("min"),
    ...[...krate.querySelectorAll(".win")].map((win) => `${win.style.left} ${win.style.top} ${win.style.width} ${win.getAttribute("aria-label")}`),
  ].join(" | ")).sort());

test("a link to a krate survives the sign-in, flies there, and makes the krate where it is gone", async (t) => {
  const admin = await signedIn(t, world, "admin");
  const pod = await world.demo.readyPod("web");
  await open(admin.page, pod);
  await find(admin.page, pod);
  await admin.page.keyboard.press("Alt+s");
  await windowOf(admin.page, pod, "Shell").locator(".xterm-rows", { hasText: "#" }).waitFor();
  await admin.page.keyboard.press("Control+Shift+Escape");
  const link = await linkTo(admin, pod);
  assert.match(link, /#krate=[a-z0-9]+&cluster=prod-eu-1&room=[a-z0-9-]+&at=-?\d+,-?\d+&of=Pod\.v1\/[a-z0-9-]+\/[a-z0-9-]+&w=L&w=S$/);
  assert.ok(!link.includes(world.demo.tokens.admin));

  const viewer = await newcomer(t, world);
  await viewer.page.goto(link);
  await viewer.page.reload();
  await viewer.page.getByLabel("Bearer token").waitFor();
  await viewer.signIn(viewer.page, "viewer");
  await viewer.page.locator(".krate.active", { has: viewer.page.getByRole("heading", { name: pod }) }).waitFor();
  await atRest(viewer.page);
  const seen = await krate(viewer.page, pod).boundingBox();
  assert.ok(seen.x >= 0 && seen.y >= 44 && seen.x + seen.width <= 1440, JSON.stringify(seen));
  assert.equal(new URL(viewer.page.url()).hash, "", "a reload does not fly there once more");

  // Closed: the link makes it anew, at its place, and starts no shell.
  const before = await place(krate(viewer.page, pod));
  await krate(viewer.page, pod).locator("> header").getByRole("button", { name: "Close" }).click();
  await krate(viewer.page, pod).waitFor({ state: "detached" });
  await krate(admin.page, pod).waitFor({ state: "detached" });
  await viewer.page.goto(link);
  await said(viewer.page).getByText("made anew").waitFor();
  await krate(viewer.page, pod).waitFor();
  assert.equal(await place(krate(viewer.page, pod)), before);
  await krate(admin.page, pod).waitFor();
  await windowOf(viewer.page, pod, "Shell").waitFor();
  await viewer.page.getByText(`You may not`).or(viewer.page.getByRole("button", { name: "Start shell" })).first().waitFor();
  assert.equal(await viewer.page.locator(".xterm-rows").count(), 0);
  await viewer.picture(viewer.page, "link-made-anew");

  // Once more: it is there.
  await viewer.page.goto(link);
  await atRest(viewer.page);
  assert.equal(await krate(viewer.page, pod).count(), 1);
});

test("a link to a room that one may not see says what is missing and makes nothing; a damaged one says so", async (t) => {
  const [admin, editor] = [await signedIn(t, world, "admin"), await signedIn(t, world, "editor")];
  const pod = await world.demo.readyPod("web");
  await open(admin.page, pod);
  const link = await linkTo(admin, pod);
  await editor.page.goto(link);
  await said(editor.page).getByText(`No access: this link leads to a krate of namespace ${world.demo.namespace("web")}, which you may not see. Missing: list pods in namespace ${world.demo.namespace("web")}`).waitFor();
  assert.equal(await editor.page.locator(".krate").count(), 0);
  await editor.picture(editor.page, "link-no-access");
  await editor.page.goto(link.replace("of=Pod", "of=../x"));
  await said(editor.page).getByText("damaged").waitFor();
  await editor.page.goto(link.replace("prod-eu-1", "elsewhere"));
  await said(editor.page).getByText("cluster elsewhere").waitFor();
  assert.equal(await editor.page.locator(".krate").count(), 0);

  // A view: the camera goes where it was.
  await admin.page.mouse.move(200, 600);
  await admin.page.mouse.wheel(700, 900);
  await atRest(admin.page);
  await run(admin.page, "Copy a link to this view");
  await said(admin.page).getByText("copied").waitFor();
  const view = await copied(admin);
  const camera = (page) => page.locator(".world").evaluate((element) => element.style.transform.match(/-?[\d.]+/g).map(Number).map(Math.round).join(" "));
  const there = await camera(admin.page);
  await editor.page.goto(view);
  await until(() => camera(editor.page), (now) => now.split(" ").every((number, at) => Math.abs(number - there.split(" ")[at]) <= 1));
});

test("a Yard goes into a file and out of it again, as one step of undo, and into an image", async (t) => {
  const admin = await signedIn(t, world, "admin");
  const { page } = admin;
  const [web, payments] = [await world.demo.readyPod("web"), await world.demo.readyPod("payments")];
  await open(page, web);
  await open(page, payments);
  await page.getByRole("button", { name: "Note" }).click();
  await page.getByLabel("What the note says").fill("DB <fail-over> 13:58");
  await page.keyboard.press("Escape");
  await atRest(page);
  const before = await contents(page);
  assert.equal(before.length, 2);

  const [download] = await Promise.all([page.waitForEvent("download"), run(page, "Export this Yard")]);
  const text = await readFile(await download.path(), "utf8");
  const file = JSON.parse(text);
  assert.deepEqual([file.format, file.version, file.cluster], ["krateyard-yard", 1, "prod-eu-1"]);
  assert.ok(text.includes("DB <fail-over> 13:58") && text.includes(web));
  await said(page).getByText("Saved 2 krates, 1 note").waitFor();

  const [image] = await Promise.all([page.waitForEvent("download"), run(page, "Image of this Yard")]);
  const svg = await readFile(await image.path(), "utf8");
  assert.ok(svg.includes("DB &lt;fail-over&gt; 13:58") && svg.includes("Running") && svg.includes("as admin@example.com saw it"), svg);
  await writeFile(new URL("../../target/browser/yard-image.svg", import.meta.url), svg);

  for (const name of [web, payments]) await krate(page, name).locator("> header").getByRole("button", { name: "Close" }).click();
  await page.locator(".sticky").hover();
  await page.getByTitle("Take the note away").click();
  await until(() => contents(page), (now) => now.length === 0);

  const path = join(tmpdir(), `krateyard-${process.pid}.json`);
  const odd = { ...file, rooms: { ...file.rooms, web: { krates: [7] }, ...(file.rooms.web ? { web: { ...file.rooms.web, krates: [...file.rooms.web.krates, 7] } } : {}) } };
  await writeFile(path, JSON.stringify(odd));
  const pick = async (what) => {
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), run(page, "Import a Yard")]);
    await chooser.setFiles(what);
  };
  await pick(path);
  await said(page).getByText("Put 2 krates, 1 note on the Yard; 1 thing in the file made no sense").waitFor();
  assert.deepEqual(await until(() => contents(page), (now) => now.length === 2), before);
  await page.locator(".sticky", { hasText: "DB <fail-over> 13:58" }).waitFor();
  await atRest(page);
  await admin.picture(page, "imported");
  await page.getByTitle("Undo (Ctrl+Z)").click();
  await until(() => contents(page), (now) => now.length === 0);
  assert.equal(await page.locator(".sticky").count(), 0);

  await writeFile(path, "{}");
  await pick(path);
  await said(page).getByText("This is no file of a Yard").waitFor();

  // Who may see one of the two namespaces gets that one, and is told of the other.
  const viewer = await signedIn(t, world, "viewer");
  await writeFile(path, text);
  const [chooser] = await Promise.all([viewer.page.waitForEvent("filechooser"), run(viewer.page, "Import a Yard")]);
  await chooser.setFiles(path);
  await said(viewer.page).getByText(`of namespace ${world.demo.namespace("payments")} (you may not see it: list pods)`).waitFor();
  await krate(viewer.page, web).waitFor();
  assert.equal(await viewer.page.locator(".krate").count(), 1);
});

test("who may read a room and not change it finds its controls off, each with why", async (t) => {
  const [admin, viewer] = [await signedIn(t, world, "admin"), await signedIn(t, world, "viewer")];
  const namespace = world.demo.namespace("web");
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const roles = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "yard-readers" };
  const binding = await world.demo.kube("GET", `${rbac}/rolebindings/web-viewers`);
  await world.demo.kube("POST", `${rbac}/roles`, { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name: roles.name, namespace }, rules: [{ apiGroups: ["krateyard.dev"], resources: ["yards"], verbs: ["get"] }] });
  await world.demo.kube("POST", `${rbac}/rolebindings`, { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { name: roles.name, namespace }, roleRef: roles, subjects: binding.subjects });
  t.after(async () => {
    await world.demo.kube("DELETE", `${rbac}/rolebindings/${roles.name}`);
    await world.demo.kube("DELETE", `${rbac}/roles/${roles.name}`);
  });
  const pod = await world.demo.readyPod("web");
  await open(admin.page, pod);
  await admin.page.getByRole("button", { name: "Note" }).click();
  await admin.page.getByLabel("What the note says").fill("hands off");
  await admin.page.keyboard.press("Escape");
  await krate(viewer.page, pod).waitFor();
  await viewer.page.locator(".krate.fixed", { has: viewer.page.getByRole("heading", { name: pod }) }).waitFor();
  const why = `You may not change the Yard of namespace ${namespace}: update yards.krateyard.dev`;
  const header = krate(viewer.page, pod).locator("> header");
  for (const button of [header.getByRole("button", { name: "Close" }), header.locator(".tools button").nth(1), krate(viewer.page, pod).locator(".win > header").getByRole("button", { name: "Close" })]) {
    assert.deepEqual([await button.getAttribute("aria-disabled"), await button.getAttribute("title")], ["true", why]);
  }
  assert.equal(await krate(viewer.page, pod).locator(".resize").count(), 0);
  assert.equal(await header.evaluate((element) => getComputedStyle(element).cursor), "not-allowed");
  await atRest(viewer.page);
  const before = await place(krate(viewer.page, pod));
  await drag(viewer.page, header, 90, 120, { x: 60, y: 12 });
  assert.equal(await place(krate(viewer.page, pod)), before);
  // Playwright takes it for disabled, as it should; whoever presses it all the same is told why.
  await krate(viewer.page, pod).locator(".win > header").getByRole("button", { name: "Close" }).click({ force: true });
  await said(viewer.page).getByText(why).waitFor();
  await viewer.picture(viewer.page, "read-only");
  assert.equal(await krate(viewer.page, pod).locator(".win").count(), 1);
  assert.equal(await viewer.page.locator(".sticky.fixed").getAttribute("title"), why);

  // Their own window does not go into it.
  await find(viewer.page, "pods");
  await viewer.page.locator(".hit", { hasText: "Pods" }).first().click();
  await krate(viewer.page, "Pods").locator(".rows tr").first().waitFor();
  await said(viewer.page).getByTitle("Close").click();
  await viewer.page.keyboard.press("Escape");
  await viewer.page.keyboard.press("1");
  await atRest(viewer.page);
  const [from, to] = [await krate(viewer.page, "Pods").locator(".win > header").boundingBox(), await krate(viewer.page, pod).boundingBox()];
  await viewer.page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await viewer.page.mouse.down();
  await viewer.page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 6 });
  await viewer.page.locator(".win.barred").waitFor();
  await viewer.page.mouse.up();
  await said(viewer.page).getByText(why).waitFor();
  assert.equal(await krate(viewer.page, pod).locator(".win").count(), 1);
  assert.equal(await krate(viewer.page, "Pods").locator(".win").count(), 1);
});

test("what somebody searches for is in the People drawer of others once they share it, and leaves their browser only then", async (t) => {
  const admin = await newcomer(t, world);
  const sent = [];
  admin.page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(Buffer.from(payload).toString("latin1"))));
  await admin.signIn(admin.page, "admin");
  const viewer = await signedIn(t, world, "viewer");
  await open(admin.page, await world.demo.readyPod("web"));
  await viewer.page.getByRole("button", { name: "People: 1 more here" }).click();
  const row = viewer.page.getByRole("complementary", { name: "People" }).locator(".person", { hasText: "admin@example.com" });
  await row.getByText("active").waitFor();
  await find(admin.page, "checkout");
  await admin.page.keyboard.press("Escape");
  await admin.page.mouse.move(310, 500);
  await admin.page.mouse.move(320, 520);
  await viewer.page.locator(".peer-cursor", { hasText: "admin" }).waitFor();
  assert.ok(sent.some((frame) => frame.includes("cursorPosition")) && !sent.some((frame) => frame.includes("checkout")));

  await admin.page.getByRole("button", { name: /^People/ }).click();
  await admin.page.getByLabel("Share what I search for").check();
  await admin.page.getByRole("button", { name: /^People/ }).click();
  await find(admin.page, "checkout");
  await row.getByText("checkout").waitFor();
  await viewer.picture(viewer.page, "shared-query");
  await admin.page.keyboard.press("Escape");
  await row.getByText("checkout").waitFor({ state: "detached" });
});
