// Krateyard on a simulated cluster: the programs that `cargo xtask demo` runs, on free ports, for one test file.
//
// `cargo xtask test --only browser` builds them and says where they are; by hand: `cargo xtask demo` once, then `node --test` here.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const programs = process.env.KRATEYARD_PROGRAMS ?? join(root, "target/debug");
const page = process.env.KRATEYARD_PAGE ?? join(root, "dist");

export const CLUSTER = "prod-eu-1";
const STARTS_WITHIN_MS = 30_000;

/** A port that nobody listens on now. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
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
  constructor(name, args, env = {}) {
    this.name = name;
    this.said = "";
    this.ended = undefined;
    this.process = spawn(join(programs, name), args, { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
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

/** kubesim and the proxy. Each can be stopped and started again on its port, so that tests may take them away. */
class Demo {
  constructor(ports, options) {
    this.ports = ports;
    this.options = options;
    this.url = `http://127.0.0.1:${ports.proxy}`;
    this.kubernetes = `http://127.0.0.1:${ports.kubernetes}`;
    this.control = `http://127.0.0.1:${ports.control}`;
  }

  async startCluster() {
    const { pods, churn, still, seed } = this.options;
    const args = ["--port", this.ports.kubernetes, "--control-port", this.ports.control, "--pods", pods, "--churn", churn, "--seed", seed];
    this.cluster = new Program("kubesim", [...args, ...(still ? ["--still"] : [])].map(String));
    await untilServes(this.cluster, `${this.kubernetes}/version`);
  }

  async startProxy() {
    const args = ["serve", "--listen", `127.0.0.1:${this.ports.proxy}`, "--static-dir", page, "--cluster", CLUSTER, "--server", this.kubernetes];
    this.proxy = new Program("krateyard", args, { KRATEYARD_TOKEN: "krateyard-proxy" });
    await untilServes(this.proxy, `${this.url}/api/health`);
  }

  stopCluster() { return this.cluster.stop(); }

  stopProxy() { return this.proxy.stop(); }

  async stop() { await Promise.all([this.proxy?.stop(), this.cluster?.stop()]); }

  /** The name of a pod of a namespace that is ready. */
  async readyPod(namespace) {
    const { items } = await this.kube("GET", `/api/v1/namespaces/${namespace}/pods`);
    return items.find((pod) => pod.status.phase === "Running" && pod.status.containerStatuses.every((container) => container.ready)).metadata.name;
  }

  /** A request to the simulated cluster as its administrator: for arranging what a test looks at. */
  async kube(method, path, body, type = "application/json") {
    const headers = { authorization: "Bearer demo-admin", ...(body ? { "content-type": type } : {}) };
    const answer = await fetch(this.kubernetes + path, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** Tells the simulator what to do (tests/kubesim, `control`): faults, its port, tokens, pods. */
  async simulate(path, body = {}, method = "POST") {
    const answer = await fetch(this.control + path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

/**
 * Starts both. Call it in a test file's top-level `before`, and `stop` in `after`.
 * @param {{pods?: number, churn?: number, still?: boolean, seed?: number}} options as kubesim's own; `still`: nothing happens by itself
 */
export async function startDemo(options = {}) {
  const ports = { proxy: await freePort(), kubernetes: await freePort(), control: await freePort() };
  const demo = new Demo(ports, { pods: 250, churn: 0, still: false, seed: 1, ...options });
  try {
    await demo.startCluster();
    await demo.startProxy();
    return demo;
  } catch (error) {
    await demo.stop();
    throw error;
  }
}
