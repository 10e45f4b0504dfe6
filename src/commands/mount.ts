import type { Argv, CommandModule } from 'yargs';
import { UsageError } from './failure.js';
import { givenOptions, openArguments } from './open-arguments.js';

interface MountArguments {
  readonly image: string;
  readonly dir: string;
  readonly o?: string | string[];
  readonly objects?: string | string[];
  readonly foreground: boolean;
  readonly driver: 'auto' | 'fuse' | 'kernel';
  readonly transport: 'auto' | 'dev-fuse' | 'fuse-native';
  readonly logFile?: string;
  readonly readyTimeout: number;
}

export const command: CommandModule<object, MountArguments> = {
  command: 'mount <image> <dir>',
  describe: 'Mount an image; returns once the mount answers',
  builder: (yargs): Argv<MountArguments> =>
    openArguments(yargs)
      .positional('image', {
        type: 'string',
        describe: 'an EROFS image: a file, a block device, or an http or https URL',
        demandOption: true,
      })
      .positional('dir', { type: 'string', describe: 'an existing directory', demandOption: true })
      .option('o', {
        type: 'string',
        requiresArg: true,
        describe:
          'mount options with commas between: ro, allow_other, default_permissions, nosuid, nodev, noexec, ' +
          'fsname=NAME, subtype=NAME, offset=BYTES, device=PATH and objects=DIR (repeated), uid=N, gid=N, allow_truncated, and ' +
          'the options of verification with _ for -',
      })
      .option('objects', {
        type: 'string',
        requiresArg: true,
        describe: 'a directory with the bytes of files that IMAGE keeps elsewhere (composefs); repeatable',
      })
      .option('foreground', {
        alias: 'f',
        type: 'boolean',
        default: false,
        describe: 'stay in the foreground and log to stderr',
      })
      .option('driver', {
        choices: ['auto', 'fuse', 'kernel'] as const,
        default: 'auto' as const,
        describe: "auto: the kernel's own erofs where it can do what is asked, else fuse",
      })
      .option('transport', {
        choices: ['auto', 'dev-fuse', 'fuse-native'] as const,
        default: 'auto' as const,
        describe: 'how fuse is spoken; auto: dev-fuse on Linux, fuse-native on macOS',
      })
      .option('log-file', {
        type: 'string',
        requiresArg: true,
        describe:
          "the daemon's log (default: in /var/log/erofsjs, or below $XDG_STATE_HOME for a plain user)",
      })
      .option('ready-timeout', {
        type: 'number',
        default: 30,
        requiresArg: true,
        describe: 'seconds to wait for the mount to answer',
      })
      .alias('fsverity-digest', 'digest')
      .example('$0 mount root.erofs /mnt', '')
      .example('$0 mount -o device=blob0,offset=4096 root.erofs /mnt', '') as unknown as Argv<MountArguments>,
  handler: run,
};

async function run(given: MountArguments): Promise<void> {
  const { mountImage, wantedBy } = await import('../fuse/mount.js');
  const { driver, transport, readyTimeout } = given;
  if (!(readyTimeout > 0)) throw new UsageError('--ready-timeout: expected a number of seconds above 0');
  if (driver === 'kernel' && transport !== 'auto') {
    throw new UsageError(`--transport ${transport} belongs to --driver fuse; leave one of them out`);
  }
  const lists = given.o === undefined ? [] : [given.o].flat();
  await mountImage(
    {
      ...wantedBy(
        given.image,
        lists,
        { root: process.geteuid?.() === 0 },
        givenOptions(given),
        [given.objects ?? []].flat(),
      ),
      mountpoint: given.dir,
      driver,
      transport,
      foreground: given.foreground,
      logFile: given.logFile,
      readyTimeout: readyTimeout * 1000,
    },
    {
      done: (line) => console.log(line),
      note: (line) => console.error(`erofs mount: ${line}`),
    },
  );
}
