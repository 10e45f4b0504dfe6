/** A writer that is killed at any moment leaves only right bytes, and all that it had said to be durable. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { dist } from '../support/paths.js';
import { Random } from '../support/random.js';
import { Scratch } from '../support/scratch.js';
import { Content, chunkSize } from './chunk-store-content.js';

const scratch = new Scratch(t);
const content = new Content(600 * chunkSize + 5);
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 10);

/** What a writer said to be durable before it ended. */
class Writer {
  readonly durable = new Set<number>();
  readonly #child: ChildProcess;
  #lines = 0;

  /** Killed when it has said so many lines. */
  constructor(folder: string, seed: number, lines = Number.POSITIVE_INFINITY) {
    const words = [join(dist, 'test', 'cache', 'chunk-store-writer.js'), folder];
    const numbers = [content.blob.size, seed, chunkSize].map(String);
    this.#child = spawn(process.execPath, [...words, ...numbers], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (lines === 0) this.#child.kill('SIGKILL');
    let rest = '';
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const whole = `${rest}${text}`.split('\n');
      rest = whole.pop()!;
      for (const line of whole) {
        for (const word of line.split(' ').filter(Boolean)) this.durable.add(Number(word));
        if (++this.#lines >= lines) this.#child.kill('SIGKILL');
      }
    });
  }

  /** Rejects where it ended otherwise than well or by the signal. */
  async ended(): Promise<void> {
    const [status, signal] = await once(this.#child, 'close');
    if (status !== 0 && signal !== 'SIGKILL') throw new Error(`the writer ended with status ${status}`);
  }
}

/** Of `durable`, what the store does not serve. */
function lost(folder: string, durable: ReadonlySet<number>): number[] {
  const store = content.open(folder);
  const served = new Set(content.served(store));
  store.close();
  return [...durable].filter((number) => !served.has(number));
}

t.test('killed at any moment, again and again over the same store', async (t) => {
  const random = new Random(Date.now());
  let folder = scratch.folder();
  let durable = new Set<number>();
  let died = 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (durable.size > 400 || round % 10 === 0) {
      folder = scratch.folder();
      durable = new Set();
    }
    const writer = new Writer(folder, random.below(2 ** 31), random.below(40));
    await writer.ended();
    for (const number of writer.durable) durable.add(number);
    if (durable.size < content.chunks) died++;
    t.same(lost(folder, durable), [], `round ${round}: ${durable.size} chunks were durable`);
  }
  t.ok(died > ROUNDS / 2, `${died} of ${ROUNDS} were killed before they were done`);
});

t.test('several at once over one store, one of them killed', async (t) => {
  const random = new Random(Date.now());
  for (let round = 0; round < 4; round++) {
    const folder = scratch.folder();
    const writers = [1, 2, 3].map((n) => new Writer(folder, random.below(2 ** 31), n === 1 ? 5 : undefined));
    await Promise.all(writers.map((writer) => writer.ended()));
    t.equal(writers[1]!.durable.size, content.chunks);
    t.same(lost(folder, writers[1]!.durable), []);
  }
});
