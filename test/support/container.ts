/**
 * Container images as users meet them: a registry that has one, who asks it, with what credentials, and what a mount of it shows.
 * Nothing of the machine's own credentials, mirrors and caches is used.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { FrontEnd } from './front-end.js';
import { readManifest } from './manifest.js';
import { type Mounted, mount, remains, type ToMount } from './mounted.js';
import { images, program } from './paths.js';
import { observe } from './python.js';
import type { RegistryServer } from './registry.js';
import { Pusher } from './registry-push.js';
import type { Ended, RunOptions } from './run.js';
import { erofs, run } from './run.js';
import type { Scratch } from './scratch.js';
import { giveToPlain, type User } from './user.js';

export const REPOSITORY = 'team/app';

/** `name` is a tag, or "@DIGEST". */
export const imageAt = ({ host }: RegistryServer, name: string, repository = REPOSITORY): string =>
  `oci://${host}/${repository}${name.startsWith('@') ? '' : ':'}${name}`;

export const pusherOf = ({ url }: RegistryServer, repository = REPOSITORY): Pusher =>
  new Pusher(`${url}/v2/${repository}`);

/** Somebody with a home, a cache and credentials of his own. */
export class Customer {
  readonly user: User;
  /** of the command line: his cache, and where nobody's mirrors are */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly hosts: string;
  readonly #config: string;

  constructor(scratch: Scratch, user: User = 'self') {
    this.user = user;
    const folder = (name: string) => scratch.folder(user, name);
    this.hosts = folder('hosts');
    this.#config = folder('docker');
    this.words = ['--cache-dir', folder('cache'), '--hosts-dir', this.hosts];
    this.environment = { HOME: folder('home'), DOCKER_CONFIG: this.#config };
  }

  /** As `docker login` leaves it. */
  login(host: string, user: string, password: string): void {
    const auth = Buffer.from(`${user}:${password}`).toString('base64');
    const file = join(this.#config, 'config.json');
    writeFileSync(file, JSON.stringify({ auths: { [host]: { auth } } }), { mode: 0o600 });
    if (this.user === 'plain') giveToPlain(file);
  }

  /** What hosts.toml says of a registry. */
  writeHosts(host: string, text: string): void {
    mkdirSync(join(this.hosts, host), { recursive: true });
    writeFileSync(join(this.hosts, host, 'hosts.toml'), text);
  }

  /** `erofs COMMAND ...` as he runs it. */
  erofs(command: string, words: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const { user, environment } = this;
    return erofs([command, ...this.words, ...words], { user, environment, ...options });
  }

  mount(scratch: Scratch, front: FrontEnd, { words = [], ...what }: ToMount): Promise<Mounted> {
    const { environment } = this;
    return mount(scratch, front, { ...what, words: [...this.words, ...words], environment });
  }
}

type Tried = Record<string, { read?: string; stat?: string }>;

export const hexOf = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Every file that can be read, with its SHA-256 in hexadecimal. */
export async function digestsBelow({ mountpoint }: Mounted, user: User): Promise<Record<string, string>> {
  const tried = await observe<Tried>(program('try-all.py'), [mountpoint], { user });
  return Object.fromEntries(
    Object.entries(tried).flatMap(([path, { read }]) => (read === undefined ? [] : [[path, read]])),
  );
}

/** What digestsBelow is expected to give. */
export const digestsOf = (files: Readonly<Record<string, string | Uint8Array>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, data]) => [path, hexOf(data)]));

/** What digestsBelow is expected to give of a fixture. */
export const fixtureDigests = (name: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(readManifest(join(images, `${name}.json`))).flatMap(([path, { sha256 }]) =>
      typeof sha256 === 'string' ? [[path, sha256]] : [],
    ),
  );

export const readFile = ({ mountpoint }: Mounted, name: string): Promise<Ended> =>
  run('sha256sum', [join(mountpoint, name)]);

/** How readFile ends where all is right. */
export const readRight = (data: string | Uint8Array) => ({
  status: 0,
  stdout: new RegExp(`^${hexOf(data)} `),
});

export const readFailed = (message: RegExp) => ({ status: 1, stdout: '', stderr: message, timedOut: false });

export async function end(t: Test, mounted: Mounted): Promise<void> {
  await mounted.unmountFromOutside();
  t.same(await remains(mounted.mountpoint), [], 'nothing is left');
}

export const logOf = ({ log }: Mounted): string => readFileSync(log, 'utf8');

/** Turns a byte of a blob over in the storage of its registry, as a bad disk does; called again, back. */
export function flipStored(
  { storage }: RegistryServer,
  digest: string,
  at: (bytes: Buffer) => number,
): () => void {
  const hex = digest.slice(digest.indexOf(':') + 1);
  const path = join(storage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
  const right = readFileSync(path);
  const wrong = Buffer.from(right);
  const place = at(right);
  wrong[place]! ^= 1;
  writeFileSync(path, wrong);
  return () => writeFileSync(path, right);
}

/** For flipStored: in the middle of what begins as `data` does. Throws where there is no such place. */
export const inside =
  (data: Uint8Array) =>
  (bytes: Buffer): number => {
    const start = bytes.indexOf(data.subarray(0, 64));
    if (start < 0) throw new Error('the blob does not have these bytes');
    return start + (data.length >> 1);
  };
