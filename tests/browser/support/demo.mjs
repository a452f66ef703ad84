// Krateyard on a cluster, for one test file: the proxy, on a free port, before the simulator, or before the real cluster on which a scene is set.
//
// `cargo xtask test --only browser` builds the programs and says where they are; by hand: `cargo xtask demo` once, then `node --test` here. With `--cluster` it sets
// a scene (tests/flows, `scene`) and says where it is written: KRATEYARD_SCENE.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const programs = process.env.KRATEYARD_PROGRAMS ?? join(root, "target/debug");
// Empty where nobody looks at the page (tests/sync).
const page = process.env.KRATEYARD_PAGE ?? join(root, "dist");

export const CLUSTER = "prod-eu-1";
const STARTS_WITHIN_MS = 30_000;

/** A port that nobody listens on now, below those that systems give to outgoing connections: it is still free when a program starts there, or starts anew. */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch {
      continue;
    }
    server.close();
    await once(server, "close");
    return port;
  }
}

/** Asks until the answer is good. Fails with what the program said when it ends before. */
async function untilServes(program, url) {
  const deadline = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    if (program.ended) throw new Error(`${program.name} ended (${program.ended}) before it served:\n${program.said}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > deadline) throw new Error(`${program.name} does not serve ${url} after ${STARTS_WITHIN_MS} ms:\n${program.said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

class Program {
  constructor(name, args, env = {}, path = join(programs, name)) {
    this.name = name;
    this.said = "";
    this.ended = undefined;
    this.process = spawn(path, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.gone = new Promise((resolve) => {
      const end = (why) => { this.ended ??= why; resolve(); };
      this.process.on("error", (error) => end(error.message));
      this.process.on("exit", (code, signal) => end(signal ?? `code ${code}`));
    });
    const keep = (text) => { this.said = (this.said + text).slice(-20_000); };
    this.process.stdout.on("data", keep);
    this.process.stderr.on("data", keep);
  }

  async stop(signal = "SIGTERM") {
    this.process.kill(signal);
    const late = setTimeout(() => this.process.kill("SIGKILL"), 5_000);
    await this.gone;
    clearTimeout(late);
  }
}

/** The simulator (tests/kubesim). It can be stopped and started again on its port, so that tests may take it away. */
class Simulator {
  tokens = Object.fromEntries(["admin", "editor", "viewer", "nobody", "expiring"].map((account) => [account, `demo-${account}`]));
  tls = {};
  crashing = "CrashLoopBackOff";

  constructor(ports, options) {
    this.ports = ports;
    this.options = { pods: 250, churn: 0, still: false, seed: 1, metrics: true, ...options };
    this.url = `http://127.0.0.1:${ports.kubernetes}`;
    this.control = `http://127.0.0.1:${ports.control}`;
    this.proxyIdentity = { args: ["--server", this.url], env: { KRATEYARD_TOKEN: "krateyard-proxy" } };
  }

  namespace(short) { return short; }

  async start() {
    const { pods, churn, still, seed, metrics } = this.options;
    const args = ["--port", this.ports.kubernetes, "--control-port", this.ports.control, "--pods", pods, "--churn", churn, "--seed", seed];
    this.program = new Program("kubesim", [...args, ...(still ? ["--still"] : []), ...(metrics ? [] : ["--without-metrics"])].map(String));
    await untilServes(this.program, `${this.url}/version`);
  }

  async stop() { await this.program?.stop(); }
}

/** A real cluster with a scene on it. Nobody starts or stops it here. */
class Scene {
  /** Since 1.36 the kubelet looks at a crashed container again after up to a minute: until then the pod's word is that of its last run, in kubectl as well. */
  crashing = /^(CrashLoopBackOff|Error)$/;

  constructor(file) {
    const scene = JSON.parse(readFileSync(file, "utf8"));
    this.url = scene.server;
    this.tokens = scene.tokens;
    this.namespaces = scene.namespaces;
    this.tls = { ca: scene.ca ?? undefined, servername: scene.tlsServerName ?? undefined, rejectUnauthorized: !scene.insecure };
    this.proxyIdentity = { args: ["--kubeconfig", scene.proxyKubeconfig], env: {} };
  }

  namespace(short) { return this.namespaces[short]; }

  async start() {}

  async stop() {}
}

/** A cluster and the proxy before it. */
class Demo {
  constructor(cluster, port, rooms) {
    this.cluster = cluster;
    this.rooms = rooms;
    this.tokens = cluster.tokens;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.people = 0;
    this.was_visited = false;
  }

  /** The name that a namespace has on this cluster. */
  namespace(short) { return this.cluster.namespace(short); }

  /** The word for a pod that crashes again and again, as a text or a pattern. */
  get crashing() { return this.cluster.crashing; }

  startCluster() { return this.cluster.start(); }

  stopCluster() { return this.cluster.stop(); }

  async startProxy() { this.proxy = await this.serve(this.port); }

  async serve(port, more = []) {
    const { args, env } = this.cluster.proxyIdentity;
    const rooms = this.rooms ? ["--rooms", this.rooms] : [];
    const proxy = new Program("krateyard", ["serve", "--listen", `127.0.0.1:${port}`, ...(page ? ["--static-dir", page] : []), ...rooms, "--cluster", CLUSTER, ...more, ...args], env);
    await untilServes(proxy, `http://127.0.0.1:${port}/api/health`);
    return proxy;
  }

  stopProxy() { return this.proxy.stop(); }

  /** Somebody comes. Rooms are kept in the proxy's memory: for the first of a test it begins anew, if anybody was here before. */
  async welcome() {
    this.people += 1;
    if (this.people === 1 && this.was_visited && this.proxy.ended === undefined) {
      await this.stopProxy();
      await this.startProxy();
    }
    this.was_visited = true;
  }

  /** Somebody leaves. */
  farewell() { this.people -= 1; }

  async stop() { await Promise.all([this.proxy?.stop(), this.cluster.stop()]); }

  /** The name of a pod of a namespace that is ready. */
  async readyPod(namespace, which = 0) {
    const { items } = await this.kube("GET", `/api/v1/namespaces/${this.namespace(namespace)}/pods`);
    return items.filter((pod) => pod.status.phase === "Running" && pod.status.containerStatuses.every((container) => container.ready))[which].metadata.name;
  }

  /** A request to the cluster as its administrator: for arranging what a test looks at. */
  async kube(method, path, body, type = "application/json", accept = "application/json") {
    const headers = { authorization: `Bearer ${this.tokens.admin}`, accept, ...(body ? { "content-type": type } : {}) };
    const url = new URL(path, this.cluster.url);
    // fetch knows no certificate authority of one's own. A connection of its own each time: tests cut those that there are.
    const request = (url.protocol === "https:" ? https : http).request(url, { method, headers, agent: false, ...this.cluster.tls });
    request.end(body && JSON.stringify(body));
    const [answer] = await once(request, "response");
    const said = await text(answer);
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${said}`);
    return JSON.parse(said);
  }

  /** Tells the simulator what to do (tests/kubesim, `control`): faults, its port, tokens, pods. */
  async simulate(path, body = {}, method = "POST") {
    const answer = await fetch(this.cluster.control + path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

/** Two proxies that share a Redis, behind a load balancer: connections go round, and past a proxy that accepts none. */
class Replicas extends Demo {
  replicas = [];

  async startProxy() {
    this.folder = await mkdtemp(join(tmpdir(), "krateyard-redis-"));
    const redis = await freePort();
    const args = ["--bind", "127.0.0.1", "--port", redis, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir", this.folder];
    this.redis = new Program("redis-server", args.map(String), {}, "redis-server");
    this.rooms = `redis://127.0.0.1:${redis}`;
    this.ports = [await freePort(), await freePort()];
    await Promise.all([this.startReplica(0), this.startReplica(1)]);
    let turn = 0;
    this.balancer = createServer((browser) => {
      const first = turn++;
      browser.on("error", () => {});
      const reach = (past) => {
        if (past === this.ports.length) return browser.destroy();
        const proxy = connect(this.ports[(first + past) % this.ports.length], "127.0.0.1");
        const next = () => reach(past + 1);
        proxy.once("error", next);
        proxy.once("connect", () => {
          proxy.off("error", next).on("error", () => {});
          proxy.on("close", () => browser.destroy());
          browser.on("close", () => proxy.destroy());
          browser.pipe(proxy).pipe(browser);
        });
      };
      reach(0);
    }).listen(this.port, "127.0.0.1");
    await once(this.balancer, "listening");
  }

  async startReplica(which) { this.replicas[which] = await this.serve(this.ports[which], ["--public-origin", this.url]); }

  /** kill -9. */
  killReplica(which) { return this.replicas[which].stop("SIGKILL"); }

  async welcome() {}

  async stop() {
    this.balancer?.close();
    await Promise.all([...this.replicas.map((replica) => replica.stop()), this.redis?.stop(), this.cluster.stop()]);
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }
}

/** As [`startDemo`], with two proxies. */
export async function startReplicas(options = {}) {
  const demo = new Replicas(new Simulator({ kubernetes: await freePort(), control: await freePort() }, options), await freePort());
  try {
    await demo.startCluster();
    await demo.startProxy();
    return demo;
  } catch (error) {
    await demo.stop();
    throw error;
  }
}

/**
 * Starts the proxy, and the simulator where there is no scene. Call it in a test file's top-level `before`, and `stop` in `after`.
 * @param {{simulator?: boolean, rooms?: string, pods?: number, churn?: number, still?: boolean, seed?: number, metrics?: boolean}} options `simulator`: on nothing else; `rooms`: where Yards are kept; the others
 * are the simulator's own; `still`: nothing happens by itself; `metrics`: whether metrics.k8s.io is served
 */
export async function startDemo({ simulator = false, rooms, ...options } = {}) {
  const scene = simulator ? undefined : process.env.KRATEYARD_SCENE;
  const cluster = scene ? new Scene(scene) : new Simulator({ kubernetes: await freePort(), control: await freePort() }, options);
  const demo = new Demo(cluster, await freePort(), rooms);
  try {
    await demo.startCluster();
    await demo.startProxy();
    return demo;
  } catch (error) {
    await demo.stop();
    throw error;
  }
}

/** A simulator alone. */
export async function startSimulator(options = {}) {
  const simulator = new Simulator({ kubernetes: await freePort(), control: await freePort() }, options);
  await simulator.start();
  return simulator;
}

/** Krateyard with the clusters of a file, which it follows. People sign in to the first of them. */
export async function startOnFile(config) {
  const port = await freePort();
  const program = new Program("krateyard", ["serve", "--listen", `127.0.0.1:${port}`, "--static-dir", page, "--config", config]);
  const url = `http://127.0.0.1:${port}`;
  await untilServes(program, `${url}/api/health`);
  return { url, stop: () => program.stop() };
}

/** Krateyard as somebody starts it on a laptop, with this kubeconfig: its `url`, and the `link` that it printed. */
export async function startLaptop(kubeconfig) {
  const port = await freePort();
  const program = new Program("krateyard", ["--port", String(port), "--kubeconfig", kubeconfig, "--static-dir", page, "--rooms", "memory"]);
  const url = `http://127.0.0.1:${port}`;
  await untilServes(program, `${url}/api/health`);
  const deadline = Date.now() + STARTS_WITHIN_MS;
  let link;
  while (!(link = program.said.match(/http:\S+\/open\?code=\S+/)?.[0])) {
    if (Date.now() > deadline) throw new Error(`krateyard printed no link:\n${program.said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { url, link, stop: () => program.stop() };
}
