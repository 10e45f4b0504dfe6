/**
 * A real registry (Debian: docker-registry) on a free loopback port: open, with a password, with tokens of a service, or sending for its
 * blobs elsewhere. Its configuration, storage, log and process are its own, and end with the test.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { freePort } from './free-port.js';
import type { Scratch } from './scratch.js';
import { until } from './until.js';

export interface RegistryRules {
  /** who asks must be `alice` with the password `sesame` */
  readonly wantsPassword?: boolean;
  readonly tokens?: {
    readonly realm: string;
    readonly service: string;
    readonly issuer: string;
    /** PEM: who signs the tokens */
    readonly caFile: string;
  };
  /** where its answers to requests for blobs lead to, instead of having them */
  readonly blobsAt?: string;
  /** registry whose images it has as well, fetched when they are asked for */
  readonly proxyOf?: string;
  readonly tls?: { readonly serverKeyFile: string; readonly serverCertificateFile: string };
}

/** One answered request. */
export interface RegistryRequest {
  readonly method: string;
  /** with its query */
  readonly path: string;
  readonly status: number;
  /** of the body */
  readonly bytes: number;
}

export const REGISTRY_USER = { user: 'alice', password: 'sesame' } as const;

const PROGRAM = '/usr/bin/docker-registry';
/** bcrypt of the password, with little work */
const PASSWORD_HASH = '$2b$04$abcdefghijklmnopqrstuuinwY/tkBVrn3xrxQI/TgnMHhkvl85RW';

/** Why tests with a registry cannot run here; false where they can. For `skip` of a test. */
export const withoutRegistry = (): string | false =>
  spawnSync(PROGRAM, ['--version']).status === 0
    ? false
    : 'no registry is installed: apt install docker-registry';

export class RegistryServer {
  readonly port: number;
  /** of its blobs: docker/registry/v2/blobs/sha256/HE/HEX/data */
  readonly storage: string;
  readonly #home: string;
  #process: ChildProcess | undefined;
  #isTls = false;

  private constructor(port: number, storage: string, home: string) {
    this.port = port;
    this.storage = storage;
    this.#home = home;
  }

  static async start(t: Test, scratch: Scratch, rules: RegistryRules = {}): Promise<RegistryServer> {
    const storage = scratch.folder('self', 'registry-storage');
    const server = new RegistryServer(await freePort(), storage, scratch.folder('self', 'registry'));
    t.teardown(() => server.stop());
    await server.run(rules);
    return server;
  }

  /** As images name it. */
  get host(): string {
    return `localhost:${this.port}`;
  }

  get url(): string {
    return `${this.#isTls ? 'https' : 'http'}://${this.host}`;
  }

  /** Again, under these rules, on the same port and with what was pushed before. */
  async run(rules: RegistryRules): Promise<void> {
    await this.stop();
    this.#isTls = rules.tls !== undefined;
    const file = join(this.#home, 'config.json');
    this.setUser(REGISTRY_USER.user);
    // JSON is YAML as well
    writeFileSync(file, JSON.stringify(configuration(this, rules, this.#passwords)));
    const [log, problems] = [openSync(this.#log, 'a'), openSync(this.#problems, 'a')];
    this.#process = spawn(PROGRAM, ['serve', file], {
      // variables named REGISTRY_… would change its configuration
      env: {},
      stdio: ['ignore', log, problems],
    });
    for (const descriptor of [log, problems]) closeSync(descriptor);
    const isUp = async () => {
      const answer = await fetch(`http://127.0.0.1:${this.port}/`).catch(() => undefined);
      return answer !== undefined;
    };
    if (!(await until(isUp)))
      throw new Error(`the registry did not start: ${readFileSync(this.#problems, 'utf8')}`);
  }

  /** Who has the password from now on, and nobody else. */
  setUser(name: string): void {
    writeFileSync(this.#passwords, `${name}:${PASSWORD_HASH}\n`);
  }

  /** That were answered so far, by all of its runs. */
  requests(): RegistryRequest[] {
    return [...readFileSync(this.#log, 'utf8').matchAll(/"([A-Z]+) (\S+) HTTP\/[\d.]+" (\d{3}) (\d+)/g)].map(
      ([, method, path, status, bytes]) => ({
        ...{ method: method!, path: path! },
        ...{ status: Number(status), bytes: Number(bytes) },
      }),
    );
  }

  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  }

  get #passwords(): string {
    return join(this.#home, 'passwords');
  }

  get #log(): string {
    return join(this.#home, 'access.log');
  }

  get #problems(): string {
    return join(this.#home, 'errors.log');
  }
}

function configuration(server: RegistryServer, rules: RegistryRules, passwords: string): object {
  const { wantsPassword, tokens, blobsAt, proxyOf, tls } = rules;
  return {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: server.storage }, delete: { enabled: true } },
    http: {
      addr: `127.0.0.1:${server.port}`,
      ...(tls && { tls: { certificate: tls.serverCertificateFile, key: tls.serverKeyFile } }),
    },
    ...(wantsPassword && { auth: { htpasswd: { realm: 'here', path: passwords } } }),
    ...(tokens && {
      auth: {
        token: {
          realm: tokens.realm,
          service: tokens.service,
          issuer: tokens.issuer,
          rootcertbundle: tokens.caFile,
        },
      },
    }),
    ...(blobsAt && { middleware: { storage: [{ name: 'redirect', options: { baseurl: blobsAt } }] } }),
    ...(proxyOf && { proxy: { remoteurl: proxyOf } }),
  };
}
