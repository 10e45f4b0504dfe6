/** `erofs cat`: the bytes of files in an image. */
import type { CommandModule } from 'yargs';
import {
  type ImageArguments,
  imageOptions,
  type PathArguments,
  pathOptions,
  withImage,
} from './image-options.js';

interface CatArguments extends ImageArguments, PathArguments {
  readonly path: string[];
}

export const command: CommandModule<object, CatArguments> = {
  command: 'cat <image> <path..>',
  describe: 'Write files of an image to standard output',
  builder: (parser) =>
    pathOptions(imageOptions(parser)).positional('path', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'files in the image; symbolic links are followed inside it',
    }),
  handler: (given) =>
    withImage('erofs cat', given, async (opened, problems) => {
      const { concatenate } = await import('./concatenate.js');
      const { Output } = await import('./output.js');
      const { pathArgument } = await import('./path.js');
      const paths = given.path.map((path) => pathArgument(path, given.escaped));
      await concatenate(opened, paths, new Output(process.stdout), problems);
    }),
};
