/** The ways to reach a tree through a mount: driver, transport and user, each with the reason why it may be missing here. */
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { noKernel } from './kernel.js';
import { isRoot, noSuchUser, type User } from './user.js';

export interface FrontEnd {
  readonly name: string;
  readonly user: User;
  /** what `erofs mount` is given to choose it */
  readonly words: readonly string[];
  /** undefined where it can be used here */
  readonly missing: string | undefined;
}

const device = '/dev/fuse';
/** Where it exists at all it is openable for everybody, except where udev has not run: see scripts/system-packages.mjs. */
const noDevice = ((): string | undefined => {
  if (!existsSync(device)) return `needs ${device}`;
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
  } catch {
    return `needs permission to open ${device}`;
  }
  return undefined;
})();

const noFusermount = ((process.env.PATH ?? '').split(':').concat('/usr/bin', '/bin') as string[]).some(
  (folder) => existsSync(join(folder, 'fusermount3')),
)
  ? undefined
  : 'needs fusermount3';

const noLibfuse2 = [
  '/lib',
  '/usr/lib',
  '/lib64',
  '/usr/lib64',
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
]
  .filter((folder) => existsSync(folder))
  .some((folder) => readdirSync(folder).some((file) => file.startsWith('libfuse.so.2')))
  ? undefined
  : 'needs libfuse 2 (libfuse.so.2)';

export const devFuseRoot: FrontEnd = {
  name: 'dev-fuse as root',
  user: 'root',
  words: ['--driver', 'fuse', '--transport', 'dev-fuse'],
  missing: noSuchUser('root') ?? noDevice,
};

export const devFusePlain: FrontEnd = {
  name: 'dev-fuse as a plain user',
  user: 'plain',
  words: ['--driver', 'fuse', '--transport', 'dev-fuse'],
  missing: noSuchUser('plain') ?? noDevice ?? noFusermount,
};

export const fuseNative: FrontEnd = {
  name: 'fuse-native',
  user: isRoot ? 'root' : 'plain',
  words: ['--driver', 'fuse', '--transport', 'fuse-native'],
  missing: noDevice ?? noLibfuse2 ?? (isRoot ? undefined : noFusermount),
};

export const kernelDriver: FrontEnd = {
  name: 'the kernel driver',
  user: 'root',
  words: ['--driver', 'kernel'],
  missing: noKernel,
};
