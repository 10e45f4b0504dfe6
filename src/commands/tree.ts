/** `erofs tree`: what is below a directory of an image, drawn as a tree. */
import type { Argv, CommandModule } from 'yargs';
import { UsageError } from './failure.js';
import {
  type ImageArguments,
  imageOptions,
  type PathArguments,
  pathOptions,
  withImage,
} from './image-options.js';

interface TreeArguments extends ImageArguments, PathArguments {
  readonly path: string;
  readonly level: number | undefined;
  readonly size: boolean;
  readonly humanReadable: boolean;
  readonly json: boolean;
}

export const command: CommandModule<object, TreeArguments> = {
  command: 'tree <image> [path]',
  describe: 'Draw what is below a directory of an image',
  builder: (parser) =>
    pathOptions(imageOptions(parser))
      .positional('path', { type: 'string', default: '/', describe: 'directory in the image' })
      .option('level', {
        alias: 'L',
        type: 'number',
        requiresArg: true,
        describe: 'N: go no deeper than N directories',
      })
      .option('size', { alias: 's', type: 'boolean', default: false, describe: 'with sizes in bytes' })
      .option('human-readable', {
        alias: 'h',
        type: 'boolean',
        default: false,
        describe: 'with sizes such as 1.5K',
      })
      .option('json', { type: 'boolean', default: false, describe: 'one JSON object a line' })
      .check(({ level }) => {
        if (level === undefined || (Number.isSafeInteger(level) && level > 0)) return true;
        throw new UsageError('--level: expected a number of directories above 0');
      }) as unknown as Argv<TreeArguments>,
  handler: (given) =>
    withImage('erofs tree', given, async (opened, problems) => {
      const { listTree, treeLineObject } = await import('../report/tree-listing.js');
      const { TreePrinter } = await import('./tree-text.js');
      const { Output } = await import('./output.js');
      const { pathArgument, resolvePath } = await import('./path.js');
      const { startAt } = await import('./walk.js');
      const output = new Output(process.stdout);
      const path = pathArgument(given.path, given.escaped);
      const start = await startAt(opened, await resolvePath(opened, path, false));
      const limit = given.level ?? Number.POSITIVE_INFINITY;
      if (given.json) {
        const { directories, files, bytes } = await listTree(opened, start, limit, problems, (line) =>
          output.line(JSON.stringify(treeLineObject(line))),
        );
        await output.line(JSON.stringify({ type: 'report', directories, files, bytes }));
      } else {
        const printer = new TreePrinter(output, given);
        const shown = { ...start, path, name: path };
        const counts = await listTree(opened, shown, limit, problems, (line) => printer.line(line));
        await printer.totals(counts);
      }
      await output.flush();
    }),
};
