/** `erofs explore`: an image in a browser. */
import type { Argv, CommandModule } from 'yargs';
import type { PageServer } from '../explore/page-server.js';
import { UsageError } from './failure.js';
import { type ImageArguments, imageOptions, withImage } from './image-options.js';

interface ExploreArguments extends ImageArguments {
  readonly port: number;
  readonly open: boolean;
  readonly json: boolean;
}

export const command: CommandModule<object, ExploreArguments> = {
  command: 'explore <image>',
  describe: 'Show an image in a browser: sizes, blocks, files, and what is cached of it',
  builder: (parser) =>
    imageOptions(parser)
      .option('port', {
        type: 'number',
        default: 0,
        requiresArg: true,
        describe: 'the port of 127.0.0.1 where the page is; 0: one that is free',
      })
      .option('open', {
        type: 'boolean',
        default: true,
        describe: 'open the page by xdg-open, where that exists and standard output is a terminal; --no-open',
      })
      .option('json', { type: 'boolean', default: false, describe: 'the URL as a JSON object on one line' })
      .example('$0 explore root.erofs', '')
      .example('$0 explore /mnt', 'an image that is mounted there')
      .check(({ port }) => {
        if (Number.isSafeInteger(port) && port >= 0 && port < 65_536) return true;
        throw new UsageError('--port: expected a number up to 65535');
      }) as unknown as Argv<ExploreArguments>,
  handler: async (given) => {
    const mounted = await mountedImage(given.image);
    const image = mounted === undefined ? given : { ...given, image: mounted.source };
    await withImage('erofs explore', image, async (opened, _, spec) => {
      const { Exploration } = await import('../explore/exploration.js');
      const { readPageFiles } = await import('../explore/page-files.js');
      const { servePage } = await import('../explore/page-server.js');
      const { shownName } = await import('../open.js');
      const { pageUrl } = await import('../programs.js');
      const { startAt } = await import('./walk.js');
      mounted?.check((await startAt(opened, opened.tree.root)).attr);
      const files = readPageFiles(pageUrl);
      const explored = { opened, spec, name: shownName(spec), mountpoint: mounted?.mountpoint };
      const exploration = new Exploration(explored);
      const server = await servePage(exploration, files, given.port);
      const isOver = untilEnded();
      try {
        await tell(server, given);
        await isOver;
      } finally {
        await server.close();
        await exploration.close();
      }
    });
  },
};

/** The image that is mounted on a directory, and where; undefined where nothing of ours is mounted there. */
async function mountedImage(reference: string) {
  const { mountNamed } = await import('../fuse/mountpoint.js');
  const { isErofsMount } = await import('../fuse/stale.js');
  const entry = await mountNamed(reference);
  if (entry === undefined || !isErofsMount(entry)) return undefined;
  const { findMountedFile } = await import('../fuse/mounted-file.js');
  const { mountpoint } = entry;
  const { source, check } = await findMountedFile(new TextEncoder().encode(mountpoint));
  return { source, check, mountpoint };
}

/** Settles on SIGINT or SIGTERM; a second one ends the process as it always does. */
function untilEnded(): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      process.off('SIGINT', end).off('SIGTERM', end);
      resolve();
    };
    process.on('SIGINT', end).on('SIGTERM', end);
  });
}

/** All users may see the arguments of the browser: its URL is worth nothing when it has been asked for. */
async function tell({ url, openingUrl }: PageServer, { open, json }: ExploreArguments): Promise<void> {
  const { byteString, Output } = await import('./output.js');
  const output = new Output(process.stdout);
  await output.line(byteString(json ? JSON.stringify({ url }) : url));
  await output.flush();
  if (!output.isTerminal || !open || json) return;
  const { openBrowser } = await import('../explore/open-browser.js');
  openBrowser(openingUrl(), (reason) =>
    process.stderr.write(`erofs explore: no browser was opened: ${reason}; open the URL yourself\n`),
  );
}
