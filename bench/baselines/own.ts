/** This program, through FUSE, whatever else the machine has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, packageRoot } from '../../test/support/paths.js';
import type { Baseline } from './baseline.js';
import { OWN } from './baseline.js';
import { MOUNT_LIMIT, mountBy, noFuse } from './mounting.js';

/** The words of `erofs mount`, without mountpoint; `images` are layers, the lowest first. */
export const mountWords = (
  images: readonly string[],
  log: string,
  options: readonly string[],
): [string, ...string[]] => [
  process.execPath,
  command,
  'mount',
  '--driver',
  'fuse',
  // its own 30 s are for one mount at a time
  '--ready-timeout',
  `${MOUNT_LIMIT}`,
  '--log-file',
  log,
  ...options,
  ...images,
];

/** `options` of `erofs mount`, after which the subject is called `name`. */
export const own = (name: string = OWN, options: readonly string[] = []): Baseline => ({
  name,
  serves: 'erofs',
  beginsCold: true,
  missing: noFuse,
  version: () => JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version,
  mount: (image, workspace) =>
    mountBy(workspace, (mountpoint) => [
      ...mountWords([image], workspace.file('mount.log'), options),
      mountpoint,
    ]),
});
