/** Real mounts for tests: a server process of its own, as root or as a plain user, and what it takes to have one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, chmodSync, chownSync, existsSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mountAt } from '../../src/fuse/mountinfo.js';
import type { MountOptions, MountRequest } from '../../src/fuse/transport.js';
import { DEFAULT_MEMORY } from '../../src/memory-budget.js';
import { UnmountFlag, umount2 } from '../../src/system/libc.js';
import { asPlainReaches } from '../support/user.js';
import type { ServerEvent } from './mount-server.js';

export const IMAGE = fileURLToPath(new URL('../../../test/fixtures/images/plain.erofs', import.meta.url));
export const NOBODY = 65_534;

const SERVER = fileURLToPath(new URL('./mount-server.js', import.meta.url));

/** Why there can be no mounts by root here; false where there can. */
export function rootObstacle(): string | false {
  if (process.platform !== 'linux') return 'takes Linux';
  if (process.geteuid?.() !== 0) return 'takes root';
  return existsSync('/dev/fuse') ? false : 'takes /dev/fuse';
}

/** Why there can be no mounts by a plain user here, seen from root; false where there can. */
export function userObstacle(): string | false {
  const obstacle = rootObstacle();
  if (obstacle !== false) return obstacle;
  try {
    createRequire(import.meta.url).resolve('koffi');
  } catch {
    return 'takes the optional package koffi';
  }
  if ((statSync('/dev/fuse').mode & 0o006) !== 0o006)
    return 'takes a /dev/fuse that users may open (mode 0666)';
  if (!['/usr/bin', '/bin'].some((path) => existsSync(join(path, 'fusermount3')))) return 'takes fusermount3';
  return false;
}

/** An empty directory of `owner`, which is unmounted, if need be, and removed by `remove`. */
export function makeMountpoint(owner: number): { readonly mountpoint: string; remove(): void } {
  const mountpoint = mkdtempSync(join(tmpdir(), 'erofs mount,'));
  chownSync(mountpoint, owner, owner);
  chmodSync(mountpoint, 0o755);
  return {
    mountpoint,
    remove() {
      while (mountAt(mountpoint) !== undefined)
        umount2(mountpoint, UnmountFlag.noFollow | UnmountFlag.detach);
      rmdirSync(mountpoint);
    },
  };
}

export function makeRequest(
  mountpoint: string,
  options: Partial<MountOptions> = {},
  image = IMAGE,
): MountRequest {
  return {
    spec: { image },
    mountpoint,
    transport: 'dev-fuse',
    supervise: false,
    watchdog: 0,
    memory: DEFAULT_MEMORY,
    options: {
      allowOther: false,
      defaultPermissions: false,
      nosuid: true,
      nodev: true,
      noexec: false,
      fsname: image,
      subtype: 'erofs',
      ...options,
    },
  };
}

export class MountServer {
  readonly process: ChildProcess;
  readonly #events: AsyncIterator<string>;
  readonly exited: Promise<number | null>;
  log = '';

  constructor(
    request: MountRequest,
    user: number,
    { program = SERVER, environment = {} }: { program?: string; environment?: Record<string, string> } = {},
  ) {
    accessSync(program);
    const identity = user === 0 ? {} : { uid: user, gid: user };
    const seen = user === 0 ? (path: string) => path : asPlainReaches;
    const spec = { ...request.spec, image: seen(request.spec.image) };
    const args = [seen(program), JSON.stringify({ ...request, spec })];
    const stdio = ['pipe', 'pipe', 'pipe'] as const;
    const env = { ...process.env, ...environment };
    this.process = spawn(seen(process.execPath), args, { stdio: [...stdio], cwd: '/', env, ...identity });
    this.process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    this.exited = new Promise((resolve) => this.process.once('close', resolve));
    this.#events = createInterface(this.process.stdout!)[Symbol.asyncIterator]();
  }

  /** The next event; throws where the server ends without one. */
  async next(): Promise<ServerEvent> {
    const line = await this.#events.next();
    if (line.done === true) throw new Error(`the server ended without a word: ${this.log}`);
    return JSON.parse(line.value) as ServerEvent;
  }

  tell(command: 'unmount' | 'unmount even if busy'): void {
    this.process.stdin!.write(`${command}\n`);
  }
}

/**
 * Runs the body of an async function, with `args` and `fs` (node:fs/promises) in scope, in a process of `user`, and
 * returns what it returns. An error of the system is returned as its code.
 */
export async function asUser(user: number, body: string, ...args: string[]): Promise<unknown> {
  const script = `
    const fs = require('node:fs/promises');
    const args = process.argv.slice(1);
    (async () => { ${body} })()
      .catch((error) => error.code ?? String(error))
      .then((result) => process.stdout.write(JSON.stringify(result ?? null)));`;
  const identity = user === 0 ? {} : { uid: user, gid: user };
  const child = spawn(process.execPath, ['-e', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    ...identity,
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return JSON.parse(said);
}

/** A process of `user` that has `path` open and reads from it once it is released. */
export class Holder {
  readonly #process: ChildProcess;
  readonly #words: AsyncIterator<string>;

  constructor(user: number, path: string) {
    const script = `
      const { openSync, readSync } = require('node:fs');
      const descriptor = openSync(process.argv[1]);
      console.log('held');
      process.stdin.resume().once('end', () => {
        try {
          console.log(readSync(descriptor, Buffer.alloc(65536), 0, 65536, 0) + ' bytes');
        } catch (error) {
          console.log(error.code);
        }
      });`;
    const identity = user === 0 ? {} : { uid: user, gid: user };
    this.#process = spawn(process.execPath, ['-e', script, path], {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: '/',
      ...identity,
    });
    this.#words = createInterface(this.#process.stdout!)[Symbol.asyncIterator]();
  }

  async #next(): Promise<string> {
    const word = await this.#words.next();
    if (word.done === true) throw new Error('the holder ended without a word');
    return word.value;
  }

  /** Settles when the file is open. */
  async holds(): Promise<void> {
    await this.#next();
  }

  /** What reading says now: a count of bytes, or an error's code. The process ends with it. */
  async release(): Promise<string> {
    this.#process.stdin!.end();
    return this.#next();
  }
}
