/** `erofs stat`: all about one inode of an image. */
import type { CommandModule } from 'yargs';
import {
  type ImageArguments,
  imageOptions,
  type PathArguments,
  pathOptions,
  withImage,
} from './image-options.js';

interface StatArguments extends ImageArguments, PathArguments {
  readonly path: string;
  readonly json: boolean;
}

export const command: CommandModule<object, StatArguments> = {
  command: 'stat <image> <path>',
  describe: 'Show all about one file of an image',
  builder: (parser) =>
    pathOptions(imageOptions(parser))
      .positional('path', {
        type: 'string',
        demandOption: true,
        describe: 'file in the image; a symbolic link is not followed',
      })
      .option('json', { type: 'boolean', default: false, describe: 'one JSON object' }),
  handler: (given) =>
    withImage('erofs stat', given, async (opened, problems) => {
      const { inodeFacts, printJson, printText } = await import('./inode-report.js');
      const { Output } = await import('./output.js');
      const { lastComponent, pathArgument, resolvePath } = await import('./path.js');
      const { startAt } = await import('./walk.js');
      const path = pathArgument(given.path, given.escaped);
      const node = await resolvePath(opened, path, false);
      const { layer, node: own } = opened.origin(node);
      const facts = inodeFacts(
        await opened.run(() => layer.image.inode(own)),
        opened.layers.length > 1 ? layer.name : undefined,
      );
      const entry = { ...(await startAt(opened, node)), path, name: lastComponent(path) };
      const output = new Output(process.stdout);
      if (given.json) await printJson(opened, entry, facts, output, problems);
      else await printText(opened, entry, facts, output, problems);
      await output.flush();
    }),
};
