// Rooms that are kept in a folder are there after the proxy ended and began anew.

import { after, before, test } from "node:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDemo } from "../browser/support/demo.mjs";
import { until } from "../browser/support/yard.mjs";
import { Client, bearer } from "./support/clients.mjs";

const world = {};
before(async () => {
  world.folder = await mkdtemp(join(tmpdir(), "krateyard-"));
  world.demo = await startDemo({ simulator: true, rooms: world.folder, pods: 20, still: true });
});
after(async () => {
  await world.demo?.stop();
  await rm(world.folder, { recursive: true, force: true });
});

test("what people edited is there for those who come after the proxy ended and began anew", async () => {
  const { demo } = world;
  const admin = bearer(demo, "admin");
  const writer = await new Client(demo, "web", admin).synced();
  for (let i = 0; i < 100; i++) writer.doc.getMap("map").set(`key${i}`, i);
  const reader = await new Client(demo, "web", admin).synced();
  await until(async () => reader.doc.getMap("map").size, (size) => size === 100);
  [writer, reader].forEach((client) => client.stop());
  await demo.stopProxy();
  await demo.startProxy();
  const later = new Client(demo, "web", admin);
  await until(async () => later.doc.getMap("map").size, (size) => size === 100);
  later.stop();
});
