// Shells where they are hard: a lost connection, a flood of output, an image without a shell, a scaled canvas.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, signedIn } from "./support/people.mjs";
import { find, windowOf } from "./support/yard.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

/** Opens a view of a pod by its letter and answers its window. */
async function open(page, pod, letter, view) {
  await find(page, pod);
  await page.keyboard.press(`Alt+${letter}`);
  return windowOf(page, pod, view);
}

test("a flood of output leaves the page alive, Ctrl+C ends it, and marking text is exact on a scaled canvas", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const shell = await open(page, await world.demo.readyPod("web"), "s", "Shell");
  const screen = shell.locator(".xterm-rows");
  await screen.getByText("#").first().waitFor();
  await page.keyboard.type("yes\n");
  await screen.locator("div", { hasText: /^y\s*$/ }).nth(8).waitFor();
  await page.keyboard.press("Control+c");
  await screen.getByText("^C").waitFor();
  await page.keyboard.type("echo alpha beta gamma\n");
  const row = screen.locator("> div", { hasText: /^alpha beta gamma\s*$/ });
  await row.waitFor();
  const scale = await shell.evaluate((window) => window.getBoundingClientRect().width / window.offsetWidth);
  assert.notEqual(scale, 1, "the canvas is scaled");
  const box = await row.boundingBox();
  // A cell of Plex Mono at 12 px is 7.2 px wide; the terminal has a whole number of them.
  const width = (await shell.locator(".xterm-screen").boundingBox()).width;
  const cell = width / Math.round(width / scale / 7.2);
  await page.mouse.dblclick(box.x + cell * 14.5, box.y + box.height / 2);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.keyboard.press("Control+Shift+c");
  await page.waitForFunction(async () => (await navigator.clipboard.readText()) === "gamma");
});

test("an image without a shell says so, and the keyboard is free again", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const { items } = await world.demo.kube("GET", `/api/v1/namespaces/${world.demo.namespace("edge")}/pods`);
  const gateway = items.find((pod) => pod.metadata.name.startsWith("gateway") && pod.status.phase === "Running").metadata.name;
  const shell = await open(page, gateway, "s", "Shell");
  await shell.getByText("No shell in the image").waitFor();
  await shell.getByText("none of bash, ash, sh").waitFor();
  await page.keyboard.press("/");
  await page.getByRole("combobox", { name: "Find anything" }).waitFor();
});

test("a shell that ended keeps its screen, says its code, and may begin anew", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const shell = await open(page, await world.demo.readyPod("web"), "s", "Shell");
  await shell.locator(".xterm-rows").getByText("#").first().waitFor();
  await page.keyboard.type("echo kept-$?; exit 3\n");
  await shell.getByText(/Ended with exit code 3 after \d+ s\.$/).waitFor();
  await shell.locator(".xterm-rows", { hasText: "kept-0" }).waitFor();
  await shell.getByRole("button", { name: "New session" }).click();
  await shell.locator(".stream.live").waitFor();
});

test("a shell whose connection is cut goes on where it was: same shell, same screen", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const lines = [];
  await page.routeWebSocket(/\/ws\/shell/, (line) => {
    lines.push({ line, server: line.connectToServer() });
  });
  const shell = await open(page, await world.demo.readyPod("web"), "s", "Shell");
  const screen = shell.locator(".xterm-rows");
  await screen.getByText("#").first().waitFor();
  await page.keyboard.type("cd /tmp; echo before-$?\n");
  await screen.locator("div", { hasText: /^before-0/ }).waitFor();
  await page.keyboard.type("sleep 2; echo meanwhile-$?\n");
  await lines[0].server.close();
  await lines[0].line.close({ code: 1011 });
  await shell.getByText(/reconnecting/i).first().waitFor();
  await screen.locator("div", { hasText: /^meanwhile-0/ }).waitFor();
  await shell.locator(".stream.live").waitFor();
  await page.keyboard.type("pwd\n");
  await screen.locator("div", { hasText: /^\/tmp\s*$/ }).waitFor();
  assert.equal(await screen.locator("div", { hasText: /^before-0/ }).count(), 1, "nothing is drawn twice");
  assert.equal(lines.length, 2);
});
