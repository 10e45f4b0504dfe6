/** The line of progress: when it is drawn, what takes it away, and on real terminals that nothing of it stays. */
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import t from 'tap';
import { Problems } from '../../src/commands/problems.js';
import { openProgress, type Progress } from '../../src/commands/progress.js';
import { FaultServer, serve } from '../remote/fault-server.js';
import { fixture } from '../support/fixture.js';
import { Random } from '../support/random.js';
import { describeRun } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { imageBytes } from '../support/superblock.js';
import { ERASED, erofsOnTerminal, screen } from '../support/terminal.js';
import { Captured } from './captured.js';

const scratch = new Scratch(t);

/** A terminal that keeps what it is sent, and a clock that stands. */
class Terminal {
  now = 5_000;
  written = '';
  readonly stream: Writable & { isTTY: boolean };

  constructor(isTTY = true) {
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        this.written += chunk;
        done();
      },
    });
    this.stream = Object.assign(stream, { isTTY });
  }

  open(quiet = false, TERM = 'xterm'): Promise<Progress<number>> {
    return openProgress(
      'counting',
      quiet,
      (done: number) => ({ done, total: done < 100 ? 200 : 0, text: `${done} sheep` }),
      { stream: this.stream, environment: { TERM }, clock: () => this.now },
    );
  }

  /** What came since the last call. */
  take(): string {
    const { written } = this;
    this.written = '';
    return written;
  }
}

t.test('not before a second, then five times a second', async (t) => {
  const terminal = new Terminal();
  const progress = await terminal.open();
  t.teardown(() => progress.clear());
  const drawn = [];
  for (let i = 0; i < 100; i++) {
    progress.show(i);
    const [news] = terminal.take().match(/\d+ sheep/) ?? [];
    if (news !== undefined) drawn.push(news);
    terminal.now += 25;
  }
  t.same(
    drawn,
    [40, 48, 56, 64, 72, 80, 88, 96].map((sheep) => `${sheep} sheep`),
  );
});

t.test('a bar where there is a total, and none without', async (t) => {
  const terminal = new Terminal();
  const progress = await terminal.open();
  terminal.now += 1_000;
  progress.show(50);
  t.match(terminal.take(), `counting [${'='.repeat(6)}${'-'.repeat(18)}]  25 %: 50 sheep`);
  terminal.now += 1_000;
  progress.show(150);
  t.match(terminal.take(), /^\S*counting: 150 sheep/);
  progress.clear();
  t.ok(terminal.take().endsWith(ERASED), 'the line is erased');
  progress.clear();
  t.equal(terminal.take(), '', 'once');
  progress.show(160);
  t.equal(terminal.take(), '', 'it does not come back at once');
  terminal.now += 200;
  progress.show(170);
  t.match(terminal.take(), /170 sheep/);
  progress.clear();
});

t.test('whoever writes lines takes it away', async (t) => {
  const terminal = new Terminal();
  const progress = await terminal.open();
  const { output } = new Captured();
  const problems = new Problems('erofs test', false);
  const { write } = process.stderr;
  t.teardown(() => {
    process.stderr.write = write;
  });
  process.stderr.write = () => true;
  const writers = {
    'standard output': async () => {
      await output.line('a line');
      await output.flush();
    },
    'a problem': async () => problems.note('a note'),
  };
  for (const [name, writeLine] of Object.entries(writers)) {
    terminal.now += 1_000;
    progress.show(1);
    terminal.take();
    await writeLine();
    t.ok(terminal.take().endsWith(ERASED), name);
  }
});

t.test('where nobody sees it, nothing is written', async (t) => {
  for (const [why, isTTY, quiet, term] of [
    ['no terminal', false, false, 'xterm'],
    ['--quiet', true, true, 'xterm'],
    ['TERM=dumb', true, false, 'dumb'],
  ] as const) {
    const terminal = new Terminal(isTTY);
    const progress = await terminal.open(quiet, term);
    terminal.now += 10_000;
    progress.show(1);
    progress.clear();
    t.equal(terminal.take(), '', why);
  }
});

/** The second answer, which comes when an image has been opened, takes longer than a second. */
const SLOW_MS = 1_200;

/** Larger than a piece of a pull; the file system is at its beginning. */
const large = new Random(5).bytes(10 << 20);
large.set(imageBytes('plain'));

/** The URL of an image, of which each command asks more than twice. */
async function slowImage(): Promise<string> {
  const server = await FaultServer.start(t, large);
  server.always = (exchange) => {
    if (server.seen.length === 2) setTimeout(serve, SLOW_MS, exchange);
    else serve(exchange);
  };
  return server.url();
}

t.test('on real terminals', async (t) => {
  const file = scratch.file('output');
  const cases: Record<string, { words: readonly string[]; shown: RegExp; left: RegExp; into?: string }> = {
    pull: {
      words: [await slowImage()],
      shown: /fetching \[=+-*\] +\d+ %: [\d.]+ MiB of 10\.0 MiB/,
      left: /^http:\S+: 10485760 bytes, \d+ of them fetched in \S+ s$/,
    },
    verify: {
      words: [await slowImage()],
      shown: /checking: \d+ inodes?, \d+ pclusters?/,
      left: /^http:\S+: checked \d+ inodes, .*: clean$/,
    },
    extract: {
      words: [await slowImage(), '--tar', '-'],
      shown: /extracting \[=*-*\] +\d+ %: \d+ files?, /,
      left: /^erofs extract: sockets were left out, .*\nerofs extract: archived \d+ files .* into standard output$/,
      into: file,
    },
    diff: {
      words: [await slowImage(), fixture('plain').image],
      shown: /comparing: \d+ names, \S+ \S+ read/,
      left: /^$/,
    },
  };
  await Promise.all(
    Object.entries(cases).map(async ([command, { words, shown, left, into }]) => {
      const cache = ['--cache-dir', scratch.folder()];
      const seen = await erofsOnTerminal([command, ...cache, ...words], { ...(into && { into }) });
      t.equal(seen.status, 0, `${command}: ${describeRun(seen)}`);
      t.match(seen.stdout, shown, `${command}: how far it is`);
      t.match(screen(seen.stdout).join('\n').trimEnd(), left, `${command}: the line is gone`);
    }),
  );
  const archive = readFileSync(file);
  t.equal(archive.length % 512, 0, 'what is redirected is an archive');
  t.equal(archive.toString('latin1', 257, 262), 'ustar');
});

t.test('with --quiet, and what is done in a second', async (t) => {
  const [silent, short] = await Promise.all([
    erofsOnTerminal(['pull', '--quiet', '--cache-dir', scratch.folder(), await slowImage()]),
    erofsOnTerminal(['verify', fixture('plain').image]),
  ]);
  t.equal(silent.status, 0, describeRun(silent));
  t.equal(silent.stdout, '');
  t.match(short.stdout, /^\S+: checked \d+ inodes, .*: clean\r\n$/);
});
