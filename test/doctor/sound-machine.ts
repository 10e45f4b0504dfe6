/** A machine on which all is well for a plain user, and the same with something wrong. */
import type { State } from '../../src/doctor/finding.js';
import type { Machine, Part, Places } from '../../src/doctor/machine.js';

/** What differs; what is not named is as on the sound one. */
export interface Wrong {
  readonly user?: number;
  readonly node?: string;
  readonly kernel?: string;
  readonly platform?: NodeJS.Platform;
  readonly environment?: NodeJS.ProcessEnv;
  /** texts by path; undefined: there is none; an errno's name: it cannot be read */
  readonly files?: Readonly<Record<string, string | undefined>>;
  /** modes by path, with the owner where that is not root */
  readonly modes?: Readonly<Record<string, readonly [mode: number, owner?: number] | undefined>>;
  /** codes by path */
  readonly unopened?: Readonly<Record<string, string>>;
  readonly unwritten?: Readonly<Record<string, string>>;
  /** paths by name */
  readonly programs?: Readonly<Record<string, string | undefined>>;
  readonly missing?: readonly Part[];
  readonly free?: number;
  readonly places?: Partial<Places>;
  readonly servers?: readonly number[];
  /** seconds by which the server is ahead; undefined: it is not reached */
  readonly ahead?: number;
}

/** What is wrong, the line that says so, and its remedy. */
export type Row = readonly [
  what: string,
  wrong: Wrong,
  check: string,
  state: State,
  found: RegExp,
  remedy: string | RegExp,
];

const NOW = Date.UTC(2026, 0, 1);

const FILES: Wrong['files'] = {
  '/etc/fuse.conf': '# comment\nuser_allow_other\n',
  '/proc/filesystems': 'nodev\tproc\n\text4\n\terofs\n',
  '/proc/self/cgroup': '0::/user.slice/session\n',
  '/proc/self/limits':
    'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024  524288  files\n',
  '/proc/self/mountinfo': '30 1 0:20 / /sys rw,nosuid - sysfs sysfs rw\n',
  '/proc/self/status': 'CapEff:\t000001ffffffffff\nNoNewPrivs:\t0\n',
  '/sys/fs/cgroup/user.slice/memory.max': 'max\n',
};

const MODES: Wrong['modes'] = { '/usr/bin/fusermount3': [0o104755] };

export function machineWith(wrong: Wrong, places: Places): Machine {
  const files = { ...FILES, ...wrong.files };
  const modes = { ...MODES, ...wrong.modes };
  const programs = { fusermount3: '/usr/bin/fusermount3', ...wrong.programs };
  return {
    platform: wrong.platform ?? 'linux',
    node: wrong.node ?? '20.19.0',
    kernel: wrong.kernel ?? '6.12.3-amd64',
    user: wrong.user ?? 1000,
    environment: wrong.environment ?? {},
    places: { ...places, ...wrong.places },
    now: () => NOW,
    read: (path) => textOf(files[path]),
    stat(path) {
      if (!(path in modes)) return { mode: 0o40700, owner: 0 };
      const [mode, owner = 0] = modes[path] ?? [];
      return mode === undefined ? undefined : { mode, owner };
    },
    openingFails: (path) => wrong.unopened?.[path],
    writingFails: (directory) => wrong.unwritten?.[directory],
    freeBytes: () => wrong.free ?? 2 ** 34,
    findProgram: (name) => textOf((programs as Wrong['programs'])?.[name]),
    run: async () => 'fusermount3 version: 3.14.0\n',
    async load(part) {
      if (wrong.missing?.includes(part)) throw new Error(`${part} is missing`);
    },
    serversOf: () => wrong.servers ?? [4711],
    serverTime: async () => NOW + (wrong.ahead ?? 0) * 1000,
  };
}

function textOf(text: string | undefined): string | undefined {
  if (text !== undefined && /^E[A-Z]+$/.test(text)) throw Object.assign(new Error(text), { code: text });
  return text;
}
