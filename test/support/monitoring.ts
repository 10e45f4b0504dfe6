/** What `erofs status` and `erofs stats` say, as programs read it. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { askStatistics, askStatus } from '../../src/control/control-client.js';
import type { MountStatistics, MountStatus } from '../../src/control/controlled-mount.js';
import { describeRun, erofs } from './run.js';
import type { Scratch } from './scratch.js';
import { until } from './until.js';
import { isRoot, type User } from './user.js';

export type ShownStatus = Omit<MountStatus, 'driver' | 'pid'> & {
  readonly state: string;
  readonly driver: string;
  readonly type: string | null;
  readonly pid: number | null;
  readonly kept_bytes: number | null;
  readonly total_bytes: number | null;
};

/** A user, and where the sockets of the user's mounts are: of one mount at a time, so that it is clear who is asked. */
export class Watcher {
  readonly user: User;
  readonly environment: Readonly<Record<string, string>>;
  readonly #sockets: string;

  constructor(scratch: Scratch, user: User) {
    const runtime = scratch.folder(user, 'runtime');
    this.user = user;
    this.environment = { XDG_RUNTIME_DIR: runtime };
    this.#sockets = join(runtime, 'erofs');
  }

  /** What the command says. Throws where it fails. */
  async lines(command: 'status' | 'stats', ...words: string[]): Promise<string[]> {
    const { user, environment } = this;
    const said = await erofs([command, ...words], { user, environment });
    if (said.status !== 0 || said.stderr !== '') throw new Error(`erofs ${command}: ${describeRun(said)}`);
    return said.stdout.split('\n').filter((line) => line !== '');
  }

  /** What the command says as JSON. */
  async shown(mountpoint: string): Promise<ShownStatus> {
    return JSON.parse((await this.lines('status', '--json', mountpoint))[0]!) as ShownStatus;
  }

  async status(): Promise<MountStatus> {
    return askStatus(await this.#socket());
  }

  async statistics(): Promise<MountStatistics> {
    return askStatistics(await this.#socket());
  }

  /** It is there a moment after the mount. */
  async #socket(): Promise<string> {
    let names: string[] = [];
    await until(() => {
      names = existsSync(this.#sockets) ? readdirSync(this.#sockets) : [];
      return names.length > 0;
    });
    if (names.length !== 1) throw new Error(`${this.#sockets}: one socket was expected: ${names.join(' ')}`);
    return join(this.#sockets, names[0]!);
  }
}

/** The number of a user of these tests. */
export const numberOf = (user: User): number => (user === 'plain' && isRoot ? 65534 : process.getuid!());
