/** `erofs ls`: what a directory of an image holds. */
import type { CommandModule } from 'yargs';
import { UsageError } from './failure.js';
import {
  type ImageArguments,
  imageOptions,
  type PathArguments,
  pathOptions,
  withImage,
} from './image-options.js';

interface LsArguments extends ImageArguments, PathArguments {
  readonly path: string;
  readonly long: boolean;
  readonly recursive: boolean;
  readonly json: boolean;
  readonly digest: boolean;
}

export const command: CommandModule<object, LsArguments> = {
  command: 'ls <image> [path]',
  describe: 'List a directory of an image, without mounting it',
  builder: (parser) =>
    pathOptions(imageOptions(parser))
      .positional('path', { type: 'string', default: '/', describe: 'directory or file in the image' })
      .option('long', { alias: 'l', type: 'boolean', default: false, describe: 'mode, owner, size, time' })
      .option('recursive', {
        alias: 'R',
        type: 'boolean',
        default: false,
        describe: 'directories below, too',
      })
      .option('json', { type: 'boolean', default: false, describe: 'one JSON object a line' })
      .option('digest', { type: 'boolean', default: false, describe: 'with --json: the SHA-256 of files' })
      .check(({ digest, json }) => {
        if (digest && !json) throw new UsageError('--digest needs --json');
        return true;
      }),
  handler: (given) =>
    withImage('erofs ls', given, async (opened, problems) => {
      const { Output } = await import('./output.js');
      const { lastComponent, pathArgument, resolvePath } = await import('./path.js');
      const { isDirectory } = await import('./mode-string.js');
      const { startAt } = await import('./walk.js');
      const output = new Output(process.stdout);
      const path = pathArgument(given.path, given.escaped);
      const start = await startAt(opened, await resolvePath(opened, path, false));
      if (given.json) {
        const { listJson } = await import('./list-json.js');
        const named = isDirectory(start.attr.mode) ? start : { ...start, path: lastComponent(path) };
        await listJson(opened, named, given, output, problems);
      } else {
        const { listNames } = await import('./list-names.js');
        await listNames(opened, { ...start, path }, given, output, problems);
      }
      await output.flush();
    }),
};
