/** `erofs stats`: once, or again and again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { askStatistics } from '../control/control-client.js';
import { ControlError } from '../control/control-error.js';
import type { MountStatistics } from '../control/controlled-mount.js';
import { difference } from '../statistics/statistics.js';
import { UsageError } from './failure.js';
import { type FoundMount, liveMounts } from './live-mounts.js';
import { byteString, Output } from './output.js';
import { quoteName } from './quote.js';
import { intervalHeader, intervalLine, statisticsText } from './stats-text.js';

/** Lines after which the header comes again. */
const HEADER_EVERY = 20;

/** A mount whose server can be asked. */
interface AskedMount {
  readonly mountpoint: string;
  readonly socket: string;
}

/** Rejects with ControlError where the server of `directory` cannot be asked, and as liveMounts() does. */
export async function showOnce(directory: string | undefined, json: boolean): Promise<void> {
  const output = new Output(process.stdout);
  for (const { socket } of await askable(directory)) {
    const statistics = await askStatistics(socket);
    const lines = json ? [JSON.stringify(statistics)] : statisticsText(statistics);
    for (const line of lines) await output.line(byteString(line));
  }
  await output.flush();
}

/**
 * Settles when the mount has ended. `milliseconds` is the interval. Rejects as showOnce() does, and with UsageError where there are
 * several mounts and none is named.
 */
export async function watch(
  directory: string | undefined,
  milliseconds: number,
  json: boolean,
): Promise<void> {
  const [mount, ...more] = await askable(directory);
  if (mount === undefined) return;
  if (more.length > 0)
    throw new UsageError('--interval watches one mount, and there are several: name its directory');
  const output = new Output(process.stdout);
  let earlier = await askStatistics(mount.socket);
  for (let line = 0; ; line++) {
    await sleep(milliseconds);
    const later = await askAgain(mount.socket);
    if (later === undefined) return;
    const seconds = later.uptime - earlier.uptime;
    const change = { ...difference(later, earlier), waiting: later.waiting };
    if (!json && line % HEADER_EVERY === 0) await output.line(byteString(intervalHeader()));
    const { mountpoint, pid } = later;
    const text = json
      ? JSON.stringify({ mountpoint, pid, seconds, ...change })
      : intervalLine(change, seconds);
    await output.line(byteString(text));
    await output.flush();
    earlier = later;
  }
}

/** undefined: it has ended. */
async function askAgain(socket: string): Promise<MountStatistics | undefined> {
  try {
    return await askStatistics(socket);
  } catch (error) {
    if (error instanceof ControlError && error.code === 'gone') return undefined;
    throw error;
  }
}

/** Without a directory, mounts that cannot be asked are left out. */
async function askable(directory: string | undefined): Promise<AskedMount[]> {
  const mounts = await liveMounts(directory);
  const asked = mounts.flatMap(({ mountpoint, socket }) => (socket === null ? [] : [{ mountpoint, socket }]));
  const [first] = mounts;
  if (directory !== undefined && asked.length === 0 && first !== undefined) throw cannotAsk(first);
  return asked;
}

function cannotAsk({ mountpoint, state, pid }: FoundMount): ControlError {
  const shown = quoteName(Buffer.from(mountpoint));
  if (state === 'kernel') {
    return new ControlError(
      'gone',
      `${shown} is mounted by the kernel's own driver, which counts nothing; mount it with --driver fuse`,
    );
  }
  return state === 'dead'
    ? new ControlError('gone', `the server of ${shown} has died; clean it: erofs umount ${shown}`)
    : new ControlError(
        'no-answer',
        `the server of ${shown} (process ${pid}) does not answer; see erofs status ${shown}`,
      );
}
