/** `erofs info`: what kind of image this is. */
import type { CommandModule } from 'yargs';
import { shownReference } from '../open-source.js';
import { type ImageArguments, imageOptions, withImage } from './image-options.js';

interface InfoArguments extends ImageArguments {
  readonly json: boolean;
}

export const command: CommandModule<object, InfoArguments> = {
  command: 'info <image>',
  describe: 'Describe an image: superblock, features, layouts, compression',
  builder: (parser) =>
    imageOptions(parser).option('json', { type: 'boolean', default: false, describe: 'one JSON object' }),
  handler: (given) =>
    withImage('erofs info', given, async (opened, problems) => {
      const { summarize } = await import('./image-summary.js');
      const { summaryText } = await import('./summary-text.js');
      const { byteString, Output } = await import('./output.js');
      const summary = await summarize(opened, problems);
      const output = new Output(process.stdout);
      const lines = given.json
        ? [JSON.stringify(summary)]
        : summaryText(shownReference(given.image), summary);
      for (const line of lines) await output.line(byteString(line));
      await output.flush();
    }),
};
