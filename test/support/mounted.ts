/** `erofs mount` as the tests use it, and what must be gone after the end of a mount. */
import { asMountOptions } from './fixture.js';
import type { FrontEnd } from './front-end.js';
import { type MountLine, mountedAt, mountsBelow, processesWith } from './mount-table.js';
import { describeRun, type Ended, erofs, run } from './run.js';
import type { Scratch } from './scratch.js';
import { untilEmpty } from './until.js';

export interface Mounted {
  readonly mountpoint: string;
  readonly log: string;
  /** what the command said */
  readonly said: Ended;
  readonly line: MountLine;
  /** an unmount by another hand than ours: umount(8) or fusermount3. Throws where that fails. */
  unmountFromOutside(): Promise<void>;
}

export interface ToMount {
  readonly image: string;
  readonly options?: readonly string[];
  readonly words?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Throws with the command's own words where it fails, and where it says 0 without a live mount. */
export async function mount(scratch: Scratch, front: FrontEnd, what: ToMount): Promise<Mounted> {
  const mountpoint = scratch.folder(front.user, 'mountpoint');
  const log = `${scratch.folder(front.user, 'log')}/mount.log`;
  const { environment = {} } = what;
  const said = await erofs(mountWords(front, what, mountpoint, log), { user: front.user, environment });
  const line = mountedAt(mountpoint);
  if (said.status !== 0) throw new Error(`erofs mount ${what.image}: ${describeRun(said)}`);
  if (said.outputHeld) throw new Error('erofs mount: its daemon holds the output of the command open');
  if (!line) throw new Error('erofs mount: exit 0, and nothing is mounted');
  const isFuse = line.type.startsWith('fuse');
  return {
    mountpoint,
    log,
    said,
    line,
    unmountFromOutside: async () => {
      const [program, ...words] = isFuse && front.user === 'plain' ? ['fusermount3', '-u'] : ['umount'];
      const ended = await run(program!, [...words, mountpoint], { user: front.user });
      if (ended.status !== 0) throw new Error(`${program} ${mountpoint}: ${describeRun(ended)}`);
    },
  };
}

export const mountWords = (front: FrontEnd, what: ToMount, mountpoint: string, log: string): string[] => [
  'mount',
  ...front.words,
  ...asMountOptions(what.options ?? []),
  '--log-file',
  log,
  ...(what.words ?? []),
  what.image,
  mountpoint,
];

/** What is still there of a mount that should be gone: its mount, its processes. Waits for it to go. */
export const remains = (mountpoint: string): Promise<readonly string[]> =>
  untilEmpty(() => [
    ...mountsBelow(mountpoint).map((line) => `${line.mountpoint} is mounted (${line.type})`),
    ...processesWith(mountpoint).map(
      ({ pid, state, words }) => `process ${pid} (${state}): ${words.join(' ').trim()}`,
    ),
  ]);
