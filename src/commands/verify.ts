/** `erofs verify`: finds all that is wrong with an image; its exit codes are those of fsck(8). */
import type { CommandModule } from 'yargs';
import type { ImageSpec } from '../open.js';
import { EXIT_USAGE, reportFailure, UsageError } from './failure.js';
import { type ImageArguments, imageOptions, specOf } from './image-options.js';
import { quietOption } from './quiet.js';

const EXIT_DAMAGED = 4;
const EXIT_UNCHECKED = 8;
const EXIT_FSCK_USAGE = 16;

interface VerifyArguments extends ImageArguments {
  readonly json: boolean;
  readonly limit: number;
}

export const command: CommandModule<object, VerifyArguments> = {
  command: 'verify <image>',
  describe: 'Check a whole image and tell all that is wrong with it',
  builder: (parser) =>
    quietOption(imageOptions(parser), 'print nothing; the exit status tells')
      .option('json', { type: 'boolean', default: false, describe: 'one JSON object a layer' })
      .option('limit', {
        type: 'string',
        requiresArg: true,
        default: '1000',
        coerce: readLimit,
        describe: 'N: how many findings are printed; all are counted',
      }) as never,
  handler: async (given) => {
    try {
      process.exitCode = await verifyLayers(await specOf(given), given);
    } catch (error) {
      process.exitCode = fsckStatus(reportFailure('erofs verify', error));
    }
  },
};

/** Each layer by itself, all of them whatever is found. Statuses add up, as those of fsck(8) for several file systems do. */
async function verifyLayers(spec: ImageSpec, options: VerifyArguments): Promise<number> {
  const { verify } = await import('./verify-image.js');
  const { layerSpecs, shownName } = await import('../open.js');
  let status = 0;
  for (const layer of layerSpecs(spec)) {
    try {
      const { errors } = await verify(shownName(layer), layer, options);
      if (errors > 0) status |= EXIT_DAMAGED;
    } catch (error) {
      status |= fsckStatus(reportFailure('erofs verify', error));
    }
  }
  return status;
}

/** The exit status of fsck(8) for one of this program's. */
export function fsckStatus(status: number): number {
  return status === EXIT_USAGE ? EXIT_FSCK_USAGE : EXIT_UNCHECKED;
}

function readLimit(given: string | string[]): number {
  const limit = typeof given === 'string' && /^[0-9]+$/.test(given) ? Number(given) : Number.NaN;
  if (Number.isSafeInteger(limit)) return limit;
  throw new UsageError(`--limit ${String(given)}: expected a number of findings`);
}
