/** `erofs pull`: fills the cache with an image, or a part of it, without mounting it. */
import type { CommandModule } from 'yargs';
import { type ImageArguments, imageOptions, specOf, withImage } from './image-options.js';
import { byteString, Output } from './output.js';
import { sizeText } from './size-text.js';

interface PullArguments extends ImageArguments {
  readonly json: boolean;
}

/** Bytes that are here, of so many. */
interface Fetched {
  readonly here: number;
  readonly bytes: number;
}

export const command: CommandModule<object, PullArguments> = {
  command: 'pull <image>',
  describe: 'Fetch an image into the cache: all of it, or what --prefetch and --prefetch-list say',
  builder: (parser) =>
    imageOptions(parser).option('json', {
      type: 'boolean',
      default: false,
      describe: 'one JSON object: {bytes, fetched, seconds}',
    }) as never,
  handler: async (given) => {
    const [{ shownName }, { pullImage }, { openProgress }, { readPlan }] = await Promise.all([
      import('../open.js'),
      import('./pull-image.js'),
      import('./progress.js'),
      import('../prefetch/plan.js'),
    ]);
    const started = performance.now();
    const spec = await specOf(given);
    const { remote } = spec;
    const { traceFiles = [], listFile } = remote?.prefetch ?? {};
    const plan = readPlan(remote?.prefetch, traceFiles.length > 0 || listFile !== undefined ? 'none' : 'all');
    await withImage('erofs pull', given, async (opened, problems) => {
      const progress = await openProgress('fetching', given.quiet, ({ here, bytes }: Fetched) => ({
        done: here,
        total: bytes,
        text: `${sizeText(here)} of ${sizeText(bytes)}`,
      }));
      const pulled = await pullImage(opened, plan, {
        budget: remote?.cacheSize ?? 0,
        report: (problem) => problems.report(problem),
        progress: (here, bytes) => progress.show({ here, bytes }),
      });
      const seconds = Math.round(performance.now() - started) / 1000;
      const { bytes, fetched } = pulled;
      const output = new Output(process.stdout);
      const text = `${shownName(spec)}: ${bytes} bytes, ${fetched} of them fetched in ${seconds} s`;
      if (given.json) await output.line(JSON.stringify({ bytes, fetched, seconds }));
      else if (!given.quiet) await output.line(byteString(text));
      await output.flush();
    });
  },
};
