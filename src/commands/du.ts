/** `erofs du`: what files and directories take of an image. */
import type { Argv, CommandModule } from 'yargs';
import type { Usage } from '../report/usage.js';
import { UsageError } from './failure.js';
import {
  type ImageArguments,
  imageOptions,
  type PathArguments,
  pathOptions,
  withImage,
} from './image-options.js';

interface DuArguments extends ImageArguments, PathArguments {
  readonly path: string[];
  readonly all: boolean;
  readonly apparentSize: boolean;
  readonly humanReadable: boolean;
  readonly maxDepth: number | undefined;
  readonly summarize: boolean;
  readonly total: boolean;
  readonly json: boolean;
}

export const command: CommandModule<object, DuArguments> = {
  command: 'du <image> [path..]',
  describe: 'Tell how much of an image directories take, compressed as they are',
  builder: (parser) =>
    pathOptions(imageOptions(parser))
      .positional('path', {
        type: 'string',
        array: true,
        default: ['/'],
        describe: 'directories or files in the image',
      })
      .option('all', { alias: 'a', type: 'boolean', default: false, describe: 'files, too' })
      .option('apparent-size', {
        type: 'boolean',
        default: false,
        describe: 'the sizes that programs see, not what is stored',
      })
      .option('human-readable', {
        alias: 'h',
        type: 'boolean',
        default: false,
        describe: 'sizes such as 1.5K; bytes unless given',
      })
      .option('max-depth', {
        alias: 'd',
        type: 'number',
        requiresArg: true,
        describe: 'N: lines for directories down to N levels below PATH',
      })
      .option('summarize', {
        alias: 's',
        type: 'boolean',
        default: false,
        describe: 'one line for each PATH',
      })
      .option('total', { alias: 'c', type: 'boolean', default: false, describe: 'the sum of all PATHs, too' })
      .option('json', { type: 'boolean', default: false, describe: 'one JSON object a line' })
      .check(({ maxDepth, summarize, all }) => {
        if (maxDepth !== undefined && !(Number.isSafeInteger(maxDepth) && Number(maxDepth) >= 0))
          throw new UsageError('--max-depth: expected a number of levels');
        if (summarize && (all || maxDepth !== undefined))
          throw new UsageError('--summarize excludes --all and --max-depth');
        return true;
      }) as unknown as Argv<DuArguments>,
  handler: (given) =>
    withImage('erofs du', given, async (opened, problems) => {
      const { UsageListing } = await import('../report/usage-listing.js');
      const { counted } = await import('./counted.js');
      const { escapeBytes } = await import('./escape.js');
      const { typeName } = await import('./mode-string.js');
      const { byteString, byteStringOf, Output } = await import('./output.js');
      const { pathArgument, resolvePath } = await import('./path.js');
      const { openProgress } = await import('./progress.js');
      const { quoteName } = await import('./quote.js');
      const { shortSize } = await import('./size-text.js');
      const { startAt } = await import('./walk.js');
      const output = new Output(process.stdout);
      const depth = given.summarize ? 0 : (given.maxDepth ?? Number.POSITIVE_INFINITY);
      const progress = await openProgress('counting', given.quiet, (names: number) => ({
        done: 0,
        total: 0,
        text: counted(names, 'name'),
      }));
      const listing = new UsageListing(opened, { depth, all: given.all }, problems, (names) =>
        progress.show(names),
      );
      const columns = (usage: Usage): string => {
        const bytes = given.apparentSize ? usage.plain : usage.data + usage.metadata;
        return given.humanReadable ? shortSize(bytes) : String(bytes);
      };
      for (const text of given.path) {
        const shown = pathArgument(text, given.escaped);
        const start = await startAt(opened, await resolvePath(opened, shown, false));
        await listing.list(start, shown, ({ path, mode, usage }) => {
          if (given.json) {
            const fields = { path: escapeBytes(path), type: typeName(mode), ...usageFields(usage) };
            return output.line(JSON.stringify(fields));
          }
          const name = output.isTerminal ? byteString(quoteName(path)) : byteStringOf(path);
          return output.line(`${columns(usage)}\t${name}`);
        });
      }
      if (given.total) {
        const line = given.json
          ? JSON.stringify({ type: 'total', ...usageFields(listing.total) })
          : `${columns(listing.total)}\ttotal`;
        await output.line(line);
      }
      await output.flush();
    }),
};

function usageFields({ data, metadata, plain }: Usage): Record<string, number> {
  return {
    stored_bytes: data + metadata,
    data_bytes: data,
    metadata_bytes: metadata,
    plain_bytes: plain,
  };
}
