import type { Argv, CommandModule } from 'yargs';
import type { Command } from '../config/command-table.js';
import { type MetricsAddress, parseMetricsAddress } from '../control/metrics-address.js';
import { longNamesIn } from '../fuse/options.js';
import { LOG_FORMATS, type LogFormat } from '../log/log-text.js';
import { UsageError } from './failure.js';
import { givenOptions, IMAGE, openArguments, UPPER } from './open-arguments.js';
import { Problems } from './problems.js';
import { type QuietArguments, quietOption } from './quiet.js';

interface MountArguments extends QuietArguments {
  readonly image: string;
  /** the layers above it, and last the directory */
  readonly dir: string[];
  readonly upper?: string | string[];
  readonly o?: string | string[];
  readonly objects?: string | string[];
  readonly foreground: boolean;
  readonly driver: 'auto' | 'fuse' | 'kernel';
  readonly transport: 'auto' | 'dev-fuse' | 'fuse-native';
  readonly logFile?: string;
  readonly logFormat: LogFormat;
  readonly readyTimeout: number;
  readonly supervise: boolean;
  readonly watchdog?: number;
  readonly memory?: string;
  readonly metrics?: string;
}

export const command: CommandModule<object, MountArguments> & Pick<Command, 'alsoGiven'> = {
  command: 'mount <image> <dir..>',
  alsoGiven: ({ o }) => longNamesIn([o ?? []].flat().map(String)),
  describe: 'Mount an image, or several as one; returns once the mount answers',
  builder: (yargs): Argv<MountArguments> =>
    quietOption(openArguments(yargs))
      .usage(
        '$0 mount IMAGE [UPPER...] DIR\n\nMount an image, or several as one; returns once the mount answers',
      )
      .positional('image', { type: 'string', describe: IMAGE, demandOption: true })
      .positional('dir', {
        type: 'string',
        array: true,
        describe: 'an existing directory; before it, images that are merged above IMAGE, the last one wins',
        demandOption: true,
      })
      .option('upper', { type: 'string', requiresArg: true, describe: UPPER })
      .option('o', {
        type: 'string',
        requiresArg: true,
        describe:
          'LIST: mount options with commas between: ro, allow_other, default_permissions, suid, dev, noexec, ' +
          'fsname=NAME, subtype=NAME, offset=BYTES, device=PATH, upper=IMAGE and objects=DIR (repeated), uid=N, gid=N, ' +
          'allow_truncated, memory=SIZE, supervise, watchdog=SECONDS, and ' +
          'the options of verification with _ for -',
      })
      .option('objects', {
        type: 'string',
        requiresArg: true,
        describe:
          'DIR: a directory with the bytes of files that IMAGE keeps elsewhere (composefs); repeatable',
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
          "FILE: the daemon's log (default: in /var/log/erofsjs, or below $XDG_STATE_HOME for a plain user)",
      })
      .option('log-format', {
        choices: LOG_FORMATS,
        default: 'json' as const,
        describe: 'of the log, a line an event: json for programs, text for people',
      })
      .option('memory', {
        type: 'string',
        requiresArg: true,
        describe:
          'SIZE: what all caches and waiting requests of the server may take (default: 128M, at least 16M); Node.js itself comes on top',
      })
      .option('ready-timeout', {
        type: 'number',
        default: 30,
        requiresArg: true,
        describe: 'SECONDS: how long to wait for the mount to answer',
      })
      .option('metrics', {
        type: 'string',
        requiresArg: true,
        describe:
          'ADDRESS: tell statistics to Prometheus at http://ADDRESS/metrics: a port of this machine alone, or host:port',
      })
      .option('supervise', {
        type: 'boolean',
        default: false,
        describe: 'another process takes over where the serving one dies, with all its requests (Linux 6.9)',
      })
      .option('watchdog', {
        type: 'number',
        requiresArg: true,
        describe:
          'SECONDS: after so many a request that hangs fails, over --read-timeout; 0: never (default: 60)',
      })
      .alias('fsverity-digest', 'digest')
      .example('$0 mount root.erofs /mnt', '')
      .example('$0 mount base.erofs app.erofs /mnt', 'app.erofs above base.erofs, as overlayfs merges them')
      .example('$0 mount -o device=blob0,offset=4096 root.erofs /mnt', '') as unknown as Argv<MountArguments>,
  handler: run,
};

async function run(given: MountArguments): Promise<void> {
  const { mountImage, wantedBy } = await import('../fuse/mount.js');
  const problems = new Problems('erofs mount', given.quiet);
  const { driver, transport, readyTimeout, supervise, watchdog } = given;
  if (!(readyTimeout > 0)) throw new UsageError('--ready-timeout: expected a number of seconds above 0');
  if (watchdog !== undefined && !(watchdog >= 0))
    throw new UsageError('--watchdog: expected a number of seconds, or 0 for none');
  if (driver === 'kernel' && transport !== 'auto') {
    throw new UsageError(`--transport ${transport} belongs to --driver fuse; leave one of them out`);
  }
  const lists = given.o === undefined ? [] : [given.o].flat();
  const uppers = [...given.dir.slice(0, -1), ...[given.upper ?? []].flat()];
  const wanted = await wantedBy(
    [given.image, ...uppers],
    lists,
    { root: process.geteuid?.() === 0 },
    {
      open: givenOptions(given),
      objects: [given.objects ?? []].flat(),
      memory: given.memory,
      report: (problem) => problems.report(problem),
    },
  );
  await mountImage(
    {
      ...wanted,
      mountpoint: given.dir.at(-1)!,
      driver,
      transport,
      foreground: given.foreground,
      logFile: given.logFile,
      logFormat: given.logFormat,
      metrics: readMetrics(given.metrics),
      readyTimeout: readyTimeout * 1000,
      supervise: supervise || wanted.supervise,
      ...(watchdog !== undefined && { watchdog: watchdog * 1000 }),
    },
    {
      done: (line) => {
        if (!given.quiet) console.log(line);
      },
      note: (line) => problems.note(line),
    },
  );
}

function readMetrics(text: string | undefined): MetricsAddress | undefined {
  if (text === undefined) return undefined;
  const address = parseMetricsAddress(text);
  if (address !== undefined) return address;
  throw new UsageError(`--metrics ${text}: expected a port, or host:port such as 0.0.0.0:9100`);
}
