/** `erofs info`: what kind of image this is. */
import type { CommandModule } from 'yargs';
import { type ImageArguments, imageOptions, withImage } from './image-options.js';

interface InfoArguments extends ImageArguments {
  readonly json: boolean;
}

export const command: CommandModule<object, InfoArguments> = {
  command: 'info <image>',
  describe: 'Describe an image: superblock, features, layouts, compression',
  builder: (parser) =>
    imageOptions(parser).option('json', {
      type: 'boolean',
      default: false,
      describe: 'one JSON object a layer',
    }),
  handler: (given) =>
    withImage('erofs info', given, async (opened, problems) => {
      const { summarize } = await import('./image-summary.js');
      const { summaryText } = await import('./summary-text.js');
      const { byteString, Output } = await import('./output.js');
      const output = new Output(process.stdout);
      for (const [i, layer] of opened.layers.entries()) {
        const summary = await summarize(layer, problems);
        const { name, guarantees } = layer;
        const told = guarantees.some((guarantee) => guarantee !== undefined)
          ? { guarantees: guarantees.map((guarantee) => guarantee ?? null) }
          : {};
        const lines = given.json
          ? [JSON.stringify({ image: name, ...told, ...summary })]
          : [...(i > 0 ? [''] : []), ...summaryText(name, summary, guarantees)];
        for (const line of lines) await output.line(byteString(line));
      }
      await output.flush();
    }),
};
