/** `erofs pull`: fills the cache with an image, or a part of it, without mounting it. */
import type { CommandModule } from 'yargs';
import { type ImageArguments, imageOptions, specOf, withImage } from './image-options.js';
import { byteString, Output } from './output.js';

interface PullArguments extends ImageArguments {
  readonly json: boolean;
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
    const [{ shownName }, { pullImage }, { PullProgress }, { readPlan }] = await Promise.all([
      import('../open.js'),
      import('./pull-image.js'),
      import('./pull-progress.js'),
      import('../prefetch/plan.js'),
    ]);
    const started = performance.now();
    const spec = await specOf(given);
    const { remote } = spec;
    const { traceFiles = [], listFile } = remote?.prefetch ?? {};
    const plan = readPlan(remote?.prefetch, traceFiles.length > 0 || listFile !== undefined ? 'none' : 'all');
    await withImage('erofs pull', given, async (opened, problems) => {
      const progress = new PullProgress(process.stderr);
      let pulled: Awaited<ReturnType<typeof pullImage>>;
      try {
        pulled = await pullImage(opened, plan, {
          budget: remote?.cacheSize ?? 0,
          report: (problem) => {
            progress.clear();
            problems.report(problem);
          },
          progress: (here, of) => progress.show(here, of),
        });
      } finally {
        progress.clear();
      }
      const seconds = Math.round(performance.now() - started) / 1000;
      const { bytes, fetched } = pulled;
      const output = new Output(process.stdout);
      await output.line(
        given.json
          ? JSON.stringify({ bytes, fetched, seconds })
          : byteString(`${shownName(spec)}: ${bytes} bytes, ${fetched} of them fetched in ${seconds} s`),
      );
      await output.flush();
    });
  },
};
