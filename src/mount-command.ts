/**
 * `mount.fuse.erofs`, the helper that mount(8) and fstab call for the type fuse.erofs:
 * `mount.fuse.erofs IMAGE DIR [-sfnv] [-N NAMESPACE] [-o OPTIONS] [-t TYPE]`. Exit codes are those of mount(8):
 * 0 done, 1 wrong usage, 2 system error, 32 the mount failed.
 */
import { parseArgs } from 'node:util';
import { describe, isUsage } from './commands/failure.js';
import { mountImage, wantedBy } from './fuse/mount.js';
import { HELPER_OPTIONS } from './mount-helper-options.js';

const EXIT_USAGE = 1;
const EXIT_SYSTEM = 2;
const EXIT_MOUNT_FAILED = 32;
const READY_TIMEOUT_MS = 30_000;

run(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`mount.fuse.erofs: ${describe(error).replace(/\s*\n\s*/g, ' ')}\n`);
  process.exitCode = exitCode(error);
});

async function run(words: string[]): Promise<void> {
  const { values, positionals } = readArguments(words);
  const [source, mountpoint] = positionals;
  if (source === undefined || mountpoint === undefined || positionals.length > 2) {
    throw usage('expected: mount.fuse.erofs IMAGE DIR [-sfnv] [-o OPTIONS] [-t TYPE]');
  }
  const root = process.geteuid?.() === 0;
  const lists = [...subtypeOption(values.type), ...(values.options ?? [])];
  const caller = { root, isMountProgram: true, sloppy: values.sloppy === true };
  const wanted = await wantedBy([source], lists, caller, { report: ({ message }) => tell(message) });
  if (values.verbose === true) for (const option of wanted.ignored) tell(`-o ${option} has no effect`);
  if (values.fake === true) return;
  await mountImage(
    {
      ...wanted,
      mountpoint,
      // the type fuse.erofs asks for it; for the kernel's there is the type erofs
      driver: 'fuse',
      transport: 'auto',
      foreground: false,
      logFile: undefined,
      readyTimeout: READY_TIMEOUT_MS,
    },
    {
      done: (line) => {
        if (values.verbose === true) console.log(line);
      },
      note: tell,
    },
  );
}

function tell(line: string): void {
  console.error(`mount.fuse.erofs: ${line}`);
}

interface HelperValues {
  readonly options?: string[] | undefined;
  readonly type?: string | undefined;
  readonly fake?: boolean | undefined;
  readonly verbose?: boolean | undefined;
  readonly sloppy?: boolean | undefined;
}

function readArguments(words: string[]): { values: HelperValues; positionals: string[] } {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: HELPER_OPTIONS,
    });
  } catch (error) {
    throw usage((error as Error).message);
  }
}

/** `-t fuse.NAME`: the mount shall show that type. */
function subtypeOption(type = 'fuse.erofs'): string[] {
  return type.startsWith('fuse.') ? [`subtype=${type.slice('fuse.'.length)}`] : [];
}

function usage(message: string): Error {
  return Object.assign(new Error(message), { code: 'usage' });
}

function exitCode(error: unknown): number {
  if (isUsage(error)) return EXIT_USAGE;
  // an error without a code is a defect, or the system's failure to start a process
  return error instanceof Error && 'code' in error ? EXIT_MOUNT_FAILED : EXIT_SYSTEM;
}
