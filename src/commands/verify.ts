/** `erofs verify`: finds all that is wrong with an image; its exit codes are those of fsck(8). */
import type { CommandModule } from 'yargs';
import { shownReference } from '../open-source.js';
import { EXIT_USAGE, reportFailure, UsageError } from './failure.js';
import { type ImageArguments, imageOptions, specOf } from './image-options.js';

const EXIT_DAMAGED = 4;
const EXIT_UNCHECKED = 8;
const EXIT_FSCK_USAGE = 16;

interface VerifyArguments extends ImageArguments {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly limit: number;
}

export const command: CommandModule<object, VerifyArguments> = {
  command: 'verify <image>',
  describe: 'Check a whole image and tell all that is wrong with it',
  builder: (parser) =>
    imageOptions(parser)
      .option('json', { type: 'boolean', default: false, describe: 'one JSON object' })
      .option('quiet', {
        type: 'boolean',
        default: false,
        describe: 'print nothing; the exit status tells',
      })
      .option('limit', {
        type: 'string',
        requiresArg: true,
        default: '1000',
        coerce: readLimit,
        describe: 'findings printed; all are counted',
      }) as never,
  handler: async (given) => {
    const { verify } = await import('./verify-image.js');
    try {
      const { errors } = await verify(shownReference(given.image), specOf(given), given);
      if (errors > 0) process.exitCode = EXIT_DAMAGED;
    } catch (error) {
      process.exitCode = fsckStatus(reportFailure('erofs verify', error));
    }
  },
};

/** The exit status of fsck(8) for one of this program's. */
export function fsckStatus(status: number): number {
  return status === EXIT_USAGE ? EXIT_FSCK_USAGE : EXIT_UNCHECKED;
}

function readLimit(given: string | string[]): number {
  const limit = typeof given === 'string' && /^[0-9]+$/.test(given) ? Number(given) : Number.NaN;
  if (Number.isSafeInteger(limit)) return limit;
  throw new UsageError(`--limit ${String(given)}: expected a number of findings`);
}
