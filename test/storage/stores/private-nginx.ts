/** Starts an nginx of its own on a free port of the loopback interface, over a folder. Everything it writes is beside it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { freePort } from "./free-port.js";

export interface PrivateNginx {
  readonly url: string;
  close(): Promise<void>;
}

/** @param values files below the root, by key @param more lines for the server's block */
export async function startNginx(values: ReadonlyMap<string, Uint8Array>, more = ""): Promise<PrivateNginx> {
  const home = await mkdtemp(join(tmpdir(), "hyperslab-nginx-"));
  for (const [key, value] of values) {
    const path = join(home, "root", key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, value);
  }
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${home}/${name};`,
  );
  const configuration = `
    daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log;
    events { worker_connections 256; }
    http {
      access_log off; ${temporary.join(" ")}
      types { application/json json; } default_type application/octet-stream;
      server { listen 127.0.0.1:${port}; root ${home}/root; ${more} }
    }`;
  await writeFile(join(home, "nginx.conf"), configuration);
  const server = spawn(
    "sh",
    ["-c", `PATH=$PATH:/usr/sbin exec nginx -p ${home} -e ${home}/error.log -c ${home}/nginx.conf`],
    { stdio: "ignore" },
  );
  const close = async (): Promise<void> => {
    await ended(server);
    await rm(home, { recursive: true, force: true });
  };
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries < 200 && server.exitCode === null) await new Promise((next) => setTimeout(next, 20));
    else {
      await close();
      throw new Error("nginx doesn't start");
    }
  }
  return { url: `http://127.0.0.1:${port}`, close };
}

function ended(server: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (server.exitCode !== null || server.signalCode !== null) return done();
    server.once("exit", () => done());
    server.kill("SIGTERM");
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}
