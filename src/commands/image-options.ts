/** What ls, cat, stat, extract and info share: how an image is named and opened on the command line. */
import type { Argv } from 'yargs';
import type { ImageSpec, OpenedImage } from '../open.js';
import { openSpec } from '../open-options.js';
import { UsageError } from './failure.js';
import { givenOptions, IMAGE, openArguments, UPPER } from './open-arguments.js';
import { OutputError } from './output.js';
import { Problems } from './problems.js';
import { clearProgress } from './progress.js';
import { type QuietArguments, quietOption } from './quiet.js';

export interface ImageArguments extends QuietArguments {
  readonly image: string;
  readonly offset: number | undefined;
  readonly device: string[] | undefined;
  readonly upper: string[] | undefined;
  readonly allowTruncated: boolean;
  readonly objects: string[] | undefined;
}

/** The positional IMAGE and the options that say how to open it, as mount's -o offset=, device= do. */
export function imageOptions<T>(parser: Argv<T>): Argv<T & ImageArguments> {
  return quietOption(openArguments(parser))
    .positional('image', {
      type: 'string',
      demandOption: true,
      describe: IMAGE,
    })
    .option('upper', {
      type: 'string',
      requiresArg: true,
      coerce: (given: string | string[]) => (Array.isArray(given) ? given : [given]),
      describe: UPPER,
    })
    .option('offset', {
      type: 'string',
      requiresArg: true,
      coerce: readOffset,
      describe: 'BYTES: where the file system begins in IMAGE, in bytes',
    })
    .option('device', {
      type: 'string',
      requiresArg: true,
      coerce: (given: string | string[]) => (Array.isArray(given) ? given : [given]),
      describe: "FILE: an extra device of IMAGE; repeat it in the order of the image's device table",
    })
    .option('objects', {
      type: 'string',
      requiresArg: true,
      coerce: (given: string | string[]) => (Array.isArray(given) ? given : [given]),
      describe: 'DIR: a directory with the bytes of files that IMAGE keeps elsewhere (composefs); repeatable',
    })
    .option('allow-truncated', {
      type: 'boolean',
      default: false,
      describe: 'open an image that is shorter than it says; reading what is missing still fails',
    }) as unknown as Argv<T & ImageArguments>;
}

export interface PathArguments {
  readonly escaped: boolean;
}

/** The option that lets a path on the command line hold any bytes. */
export function pathOptions<T>(parser: Argv<T>): Argv<T & PathArguments> {
  return parser.option('escaped', {
    type: 'boolean',
    default: false,
    describe: 'paths are percent-escaped, as --json prints them: %FF is one byte',
  });
}

function readOffset(given: string | string[]): number {
  if (Array.isArray(given)) throw new UsageError('--offset is given more than once; an image has one');
  const offset = /^(0x[0-9a-f]+|[0-9]+)$/i.test(given) ? Number(given) : Number.NaN;
  if (Number.isSafeInteger(offset)) return offset;
  throw new UsageError(`--offset ${given}: expected a number of bytes from 0 to ${Number.MAX_SAFE_INTEGER}`);
}

/** Rejects with OptionUsageError, VerityError, ProofError, SnapshotError. */
export async function specOf(given: ImageArguments, report?: (problem: Error) => void): Promise<ImageSpec> {
  const { image, upper = [], offset, device, allowTruncated, objects } = given;
  const { imageSpec } = await import('../image-spec.js');
  return imageSpec({
    ...{ images: [image, ...upper], offset, devices: device, allowTruncated, stores: objects },
    ...openSpec(givenOptions(given), (name) => `--${name}`),
    report,
  });
}

/**
 * Opens the image, runs `work` and closes it, whatever happens; problems that were gone on after set exit code 1.
 * `command` begins every line on stderr.
 */
export async function withImage(
  command: string,
  given: ImageArguments,
  work: (opened: OpenedImage, problems: Problems, spec: ImageSpec) => Promise<void>,
): Promise<void> {
  const { openImage } = await import('../open.js');
  const problems = new Problems(command, given.quiet);
  const told = new Set<string>();
  const report = (problem: Error) => {
    // Directories may be read more than once.
    if (told.has(problem.message)) return;
    told.add(problem.message);
    problems.report(problem);
  };
  const spec = await specOf(given, report);
  const opened = await openImage(spec, report);
  try {
    await work(opened, problems, spec);
  } catch (error) {
    // `erofs ls IMAGE | head`: the reader has what it wanted.
    const isEnough = error instanceof OutputError && error.code === 'EPIPE';
    if (!isEnough && !told.has((error as Error).message)) throw error;
  } finally {
    clearProgress();
    opened.close();
    if (problems.count > 0) process.exitCode = 1;
  }
}
