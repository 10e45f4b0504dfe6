/** What /proc says about mounts and processes; nothing here touches a mount, so nothing here can hang. */
import { readdirSync, readFileSync } from 'node:fs';

export interface MountLine {
  readonly source: string;
  readonly mountpoint: string;
  readonly type: string;
  readonly options: readonly string[];
  /** of st_dev; the number of a FUSE connection under /sys/fs/fuse/connections */
  readonly minor: number;
}

const withoutEscapes = (word: string): string =>
  word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** All mounts of this namespace, the topmost last. */
export function mountTable(): MountLine[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [before, behind] = line.split(' - ') as [string, string];
      const words = before.split(' ');
      const [type, source] = behind.split(' ') as [string, string];
      return {
        source: withoutEscapes(source),
        mountpoint: withoutEscapes(words[4]!),
        type,
        options: words[5]!.split(','),
        minor: Number(words[2]!.split(':')[1]),
      };
    });
}

export const mountsBelow = (folder: string): MountLine[] =>
  mountTable().filter(({ mountpoint }) => mountpoint === folder || mountpoint.startsWith(`${folder}/`));

export const mountedAt = (mountpoint: string): MountLine | undefined =>
  mountTable().findLast((mount) => mount.mountpoint === mountpoint);

export interface ProcessLine {
  readonly pid: number;
  readonly words: readonly string[];
  /** R running, S sleeping, D in an uninterruptible wait, Z ended and not waited for */
  readonly state: string;
}

/** Living processes whose command line or title has `text`. Zombies are left out: they hold nothing. */
export function processesWith(text: string): ProcessLine[] {
  const found: ProcessLine[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      if (!line.includes(text)) continue;
      const state = /^State:\s+(\w)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1] ?? '?';
      if (state !== 'Z') found.push({ pid, words: line.split('\0'), state });
    } catch {
      // it ended between the two looks
    }
  }
  return found;
}
