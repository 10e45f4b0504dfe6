/** `erofs extract`: an image's files as files of the system, or as a tar archive. */
import type { Argv, CommandModule } from 'yargs';
import type { Tally } from '../extract/tally.js';
import { OptionWords } from '../options/long-option.js';
import { UsageError } from './failure.js';
import {
  type ImageArguments,
  imageOptions,
  type PathArguments,
  pathOptions,
  withImage,
} from './image-options.js';

interface ExtractArguments extends ImageArguments, PathArguments {
  readonly directory: string | undefined;
  readonly tar: string | undefined;
  readonly path: string;
  readonly force: boolean;
  readonly strict: boolean;
  readonly devices: boolean;
  readonly suid: boolean;
  readonly maxFileSize: number | undefined;
  readonly maxSize: number | undefined;
  readonly maxEntries: number | undefined;
}

export const command: CommandModule<object, ExtractArguments> = {
  command: 'extract <image> [directory]',
  describe: 'Extract an image into a directory, or into a tar archive',
  builder: (parser) =>
    pathOptions(imageOptions(parser))
      .positional('directory', {
        type: 'string',
        describe: 'where to: empty, or made if it does not exist',
      })
      .option('tar', {
        type: 'string',
        requiresArg: true,
        describe: 'FILE: into a tar archive (pax) instead; - is standard output',
      })
      .option('path', {
        type: 'string',
        requiresArg: true,
        default: '/',
        describe: 'PATH: only this directory, whose content goes into DIRECTORY, or this file',
      })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'into a directory that is not empty, replacing files in the way',
      })
      .option('devices', {
        type: 'boolean',
        default: false,
        describe: 'make device nodes (root)',
      })
      .option('suid', {
        type: 'boolean',
        default: false,
        describe: 'keep set-user-ID and set-group-ID bits and capabilities of files',
      })
      .option('max-file-size', {
        type: 'string',
        requiresArg: true,
        coerce: (given: string | string[]) => limit('max-file-size', given).oneSize('max-file-size'),
        describe: 'SIZE: leave larger files out: bytes, or with K, M, G or T behind',
      })
      .option('max-size', {
        type: 'string',
        requiresArg: true,
        coerce: (given: string | string[]) => limit('max-size', given).oneSize('max-size'),
        describe: 'SIZE: end before more content is written than this, holes not counted',
      })
      .option('max-entries', {
        type: 'string',
        requiresArg: true,
        coerce: (given: string | string[]) => limit('max-entries', given).oneNumber('max-entries'),
        describe: 'N: end before more files, directories and links are made than this',
      })
      .option('strict', {
        type: 'boolean',
        default: false,
        describe: 'fail where an owner, attribute or special file cannot be restored',
      })
      .check((given) => {
        const { directory, tar } = given;
        if ((directory === undefined) === (tar === undefined))
          throw new UsageError('one of the two is needed: a directory, or --tar FILE');
        const foreign = FOR_DIRECTORIES.find((name) => given[name] !== undefined && given[name] !== false);
        if (tar !== undefined && foreign !== undefined)
          throw new UsageError(`--${foreign} is about a directory; an archive by --tar has all of the image`);
        if (tar === '-' && process.stdout.isTTY)
          throw new UsageError('an archive is nothing for a terminal; redirect it, or name a file');
        return true;
      }) as unknown as Argv<ExtractArguments>,
  handler: (given) =>
    withImage('erofs extract', given, async (opened, problems) => {
      const { Output, byteString } = await import('./output.js');
      const { counted } = await import('./counted.js');
      const { lastComponent, pathArgument, resolvePath } = await import('./path.js');
      const { isDirectory } = await import('./mode-string.js');
      const { openProgress } = await import('./progress.js');
      const { sizeText } = await import('./size-text.js');
      const { startAt } = await import('./walk.js');
      const path = pathArgument(given.path, given.escaped);
      const start = await startAt(opened, await resolvePath(opened, path, false));
      const name = lastComponent(path);
      const named = isDirectory(start.attr.mode) ? start : { ...start, path: name, name };
      let tally: Tally;
      const { tree } = opened;
      const isWhole = start.node === tree.root;
      const inodes = isWhole ? (await opened.run(() => tree.statfs())).inodes : 0;
      const progress = await openProgress('extracting', given.quiet, (tally: Tally) => ({
        done: tally.inodes,
        total: inodes,
        text: `${counted(tally.files, 'file')}, ${sizeText(tally.bytes + tally.bytesUnderWay)}`,
      }));
      const told = (tally: Tally) => progress.show(tally);
      if (given.tar === undefined) {
        const { extractTree } = await import('../extract/extract.js');
        const problem = (at: Uint8Array, error: unknown) => problems.at(at, error);
        tally = await extractTree(opened, named, given.directory!, given, problem, told);
      } else {
        const { archiveImage } = await import('./archive-image.js');
        tally = await archiveImage(opened, named, given.tar, problems, told);
      }
      for (const line of tally.shortfalls.lines()) {
        if (given.strict) problems.add(new Shortfall(line));
        else problems.warn(line);
      }
      if (given.tar === '-') {
        problems.note(tally.summary('standard output', 'archived'));
      } else if (!given.quiet) {
        const output = new Output(process.stdout);
        const summary =
          given.tar === undefined ? tally.summary(given.directory!) : tally.summary(given.tar, 'archived');
        await output.line(byteString(summary));
        await output.flush();
      }
      if (problems.count > 0) {
        const sum = `problems named above: ${problems.count}`;
        const closed =
          'the extraction ended there, and directories that were not finished are closed to others';
        if (tally.isComplete) problems.note(`${sum}; the rest was extracted`);
        else problems.warn(`${sum}; ${closed}`);
      }
    }),
};

/** Options that an archive has no use for. */
const FOR_DIRECTORIES = ['force', 'devices', 'suid', 'max-file-size', 'max-size', 'max-entries'] as const;

const limit = <Name extends string>(name: Name, given: string | string[]): OptionWords<Name> =>
  new OptionWords(new Map([[name, [given].flat()]]), (name) => `--${name}`);

/** Something that was left out, where everything was asked for. */
class Shortfall extends Error {
  override readonly name = 'Shortfall';
  readonly code = 'shortfall';
}
