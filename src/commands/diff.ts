/** `erofs diff`: what differs between two images, or an image and a directory; exits as diff(1) does. */
import { statSync } from 'node:fs';
import type { Argv, CommandModule } from 'yargs';
import type { Compared } from '../compare/compare.js';
import type { Side } from '../compare/side.js';
import { PROOF_OPTIONS } from '../proof/proof-options.js';
import { counted } from './counted.js';
import { type ImageArguments, imageOptions, specOf } from './image-options.js';
import { quietOption } from './quiet.js';
import { sizeText } from './size-text.js';

export const EXIT_DIFFERENT = 1;
export const EXIT_TROUBLE = 2;

interface DiffArguments extends ImageArguments {
  readonly other: string;
  readonly times: boolean;
  readonly json: boolean;
}

export const command: CommandModule<object, DiffArguments> = {
  command: 'diff <image> <other>',
  describe: 'Tell what differs between two images, or an image and a directory',
  builder: (parser) =>
    quietOption(imageOptions(parser), 'print nothing; the exit status tells')
      .positional('other', {
        type: 'string',
        demandOption: true,
        describe: 'another image, or a directory, such as a mount; so may <image> be',
      })
      .option('times', { type: 'boolean', default: false, describe: 'times of modification, too' })
      .option('json', { type: 'boolean', default: false, describe: 'one JSON object a difference' })
      .epilogue('Exit status: 0 the same, 1 different, 2 trouble.') as unknown as Argv<DiffArguments>,
  handler: run,
};

/** A side, and what closes it. */
interface OpenedSide {
  readonly side: Side;
  close(): void;
}

async function run(given: DiffArguments): Promise<void> {
  const { compareTrees } = await import('../compare/compare.js');
  const { differenceObject } = await import('../compare/difference.js');
  const { mayColour } = await import('./colours.js');
  const { differenceText } = await import('./difference-text.js');
  const { byteString, Output, OutputError } = await import('./output.js');
  const { Problems } = await import('./problems.js');
  const { openProgress } = await import('./progress.js');
  const problems = new Problems('erofs diff', given.quiet);
  const output = new Output(process.stdout);
  const isColoured = mayColour(output);
  const progress = await openProgress('comparing', given.quiet, ({ names, bytes }: Compared) => ({
    done: 0,
    total: 0,
    text: `${counted(names, 'name')}, ${sizeText(bytes)} read`,
  }));
  const opened: OpenedSide[] = [];
  try {
    const isFirstImage = !isDirectoryPath(given.image);
    opened.push(await openSide(given, problems));
    opened.push(await openSide(isFirstImage ? besides(given) : { ...given, image: given.other }, problems));
    const count = await compareTrees(opened[0]!.side, opened[1]!.side, {
      times: given.times,
      problem: (path, error) => problems.at(path, error),
      compared: (totals) => progress.show(totals),
      found: (difference) => {
        if (given.quiet) return undefined;
        const line = given.json
          ? JSON.stringify(differenceObject(difference))
          : differenceText(difference, isColoured);
        return output.line(byteString(line));
      },
    });
    await output.flush();
    process.exitCode = problems.count > 0 ? EXIT_TROUBLE : count > 0 ? EXIT_DIFFERENT : 0;
  } catch (error) {
    // `erofs diff A B | head`: the reader has what it wanted
    if (!(error instanceof OutputError && error.code === 'EPIPE')) throw error;
    process.exitCode = EXIT_DIFFERENT;
  } finally {
    progress.clear();
    for (const { close } of opened) close();
  }
}

async function openSide(
  given: ImageArguments,
  problems: { report(problem: Error): void },
): Promise<OpenedSide> {
  if (isDirectoryPath(given.image)) {
    const { DirectorySide } = await import('../compare/directory-side.js');
    return { side: new DirectorySide(given.image), close: () => {} };
  }
  const { openImage } = await import('../open.js');
  const { ImageSide } = await import('../compare/image-side.js');
  const report = (problem: Error) => problems.report(problem);
  const opened = await openImage(await specOf(given, report), report);
  return { side: new ImageSide(opened), close: () => opened.close() };
}

/** The other image: what is said of the bytes of the first one is not about it. */
function besides(given: DiffArguments): ImageArguments {
  const { image: _, offset: _offset, device: _device, upper: _upper, objects: _objects, ...rest } = given;
  const shared: Record<string, unknown> = { ...rest };
  for (const name of Object.keys(PROOF_OPTIONS)) if (!FOR_ALL.has(name)) delete shared[name];
  return {
    ...(shared as unknown as ImageArguments),
    image: given.other,
    ...{ offset: undefined, device: undefined, upper: undefined, objects: undefined },
  };
}

/** Options of verification that name no bytes. */
const FOR_ALL = new Set([
  'require-verity',
  'hash-backend',
  'cache-dir',
  'verity-cert',
  'verity-ignore-sidecar',
  'verity-allow-sha1',
]);

function isDirectoryPath(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
