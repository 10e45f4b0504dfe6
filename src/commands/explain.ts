/** `erofs explain`: how a file of an image is stored. */
import type { Argv, CommandModule } from 'yargs';
import { UsageError } from './failure.js';
import {
  type ImageArguments,
  imageOptions,
  type PathArguments,
  pathOptions,
  withImage,
} from './image-options.js';

interface ExplainArguments extends ImageArguments, PathArguments {
  readonly path: string | undefined;
  readonly extents: number;
  readonly json: boolean;
}

export const command: CommandModule<object, ExplainArguments> = {
  command: 'explain <image> [path]',
  describe: 'Tell how a file is stored: layout, extents, compression, verification, cache',
  builder: (parser) =>
    pathOptions(imageOptions(parser))
      .positional('path', {
        type: 'string',
        describe: 'file in the image; without it, IMAGE is a path below a mount of one',
      })
      .option('extents', {
        type: 'number',
        default: 20,
        requiresArg: true,
        describe: 'N: how many extents are listed for people',
      })
      .option('json', { type: 'boolean', default: false, describe: 'one JSON object' })
      .example('$0 explain root.erofs /usr/bin/sudo', '')
      .example('$0 explain /mnt/usr/bin/sudo', 'a file of a mounted image')
      .check(({ extents }) => {
        if (Number.isSafeInteger(extents) && extents >= 0) return true;
        throw new UsageError('--extents: expected a number');
      }) as unknown as Argv<ExplainArguments>,
  handler: async (given) => {
    const wanted = given.path === undefined ? await mounted(given) : undefined;
    const image = wanted === undefined ? given : { ...given, image: wanted.source };
    await withImage('erofs explain', image, async (opened) => {
      const { explain } = await import('../report/explanation.js');
      const { explanationText } = await import('./explanation-text.js');
      const { byteString, Output } = await import('./output.js');
      const { pathArgument, resolvePath } = await import('./path.js');
      const { quoteName } = await import('./quote.js');
      const { startAt } = await import('./walk.js');
      const path = wanted?.inside ?? pathArgument(given.path!, given.escaped);
      const start = await startAt(opened, await resolvePath(opened, path, false));
      wanted?.check(start.attr);
      const explanation = await explain(opened, start, path);
      const output = new Output(process.stdout);
      const lines = given.json
        ? [JSON.stringify(explanation)]
        : explanationText(explanation, quoteName(path), given.extents);
      for (const line of lines) await output.line(byteString(line));
      await output.flush();
    });
  },
};

/** What a path below a mount means; the image's own options are those that are given here. */
async function mounted({ image, escaped }: ExplainArguments) {
  const { findMountedFile } = await import('../fuse/mounted-file.js');
  const { pathArgument } = await import('./path.js');
  return findMountedFile(pathArgument(image, escaped));
}
