/** `erofs extract`: an image's files as files of the system. */
import type { CommandModule } from 'yargs';
import {
  type ImageArguments,
  imageOptions,
  type PathArguments,
  pathOptions,
  withImage,
} from './image-options.js';

interface ExtractArguments extends ImageArguments, PathArguments {
  readonly directory: string;
  readonly path: string;
  readonly force: boolean;
  readonly strict: boolean;
}

export const command: CommandModule<object, ExtractArguments> = {
  command: 'extract <image> <directory>',
  describe: 'Extract an image into a directory',
  builder: (parser) =>
    pathOptions(imageOptions(parser))
      .positional('directory', {
        type: 'string',
        demandOption: true,
        describe: 'where to: empty, or made if it does not exist',
      })
      .option('path', {
        type: 'string',
        requiresArg: true,
        default: '/',
        describe: 'only this directory, whose content goes into <directory>, or this file',
      })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'into a directory that is not empty, replacing files in the way',
      })
      .option('strict', {
        type: 'boolean',
        default: false,
        describe: 'fail where an owner, attribute or special file cannot be restored',
      }),
  handler: (given) =>
    withImage('erofs extract', given, async (opened, problems) => {
      const { extractTree } = await import('../extract/extract.js');
      const { Output, byteString } = await import('./output.js');
      const { lastComponent, pathArgument, resolvePath } = await import('./path.js');
      const { isDirectory } = await import('./mode-string.js');
      const { startAt } = await import('./walk.js');
      const path = pathArgument(given.path, given.escaped);
      const start = await startAt(opened, await resolvePath(opened, path, false));
      const name = lastComponent(path);
      const named = isDirectory(start.attr.mode) ? start : { ...start, path: name, name };
      const tally = await extractTree(opened, named, given.directory, given, (at, error) =>
        problems.at(at, error),
      );
      for (const line of tally.shortfalls.lines()) {
        if (given.strict) problems.add(new Shortfall(line));
        else problems.note(line);
      }
      const output = new Output(process.stdout);
      await output.line(byteString(tally.summary(given.directory)));
      await output.flush();
      if (problems.count > 0)
        problems.note(`problems named above: ${problems.count}; the rest was extracted`);
    }),
};

/** Something that was left out, where everything was asked for. */
class Shortfall extends Error {
  override readonly name = 'Shortfall';
  readonly code = 'shortfall';
}
