/**
 * How far a command is, as one line at the bottom of the terminal: after a second, five times a second at most, and gone in the end.
 * Nothing where standard error is no terminal.
 *
 * LAW: the only importer of cli-progress. Whoever writes a line that a terminal may show calls clearProgress() before, so that no two
 * are mixed; the line comes back with the next news. Between drawings news costs a look at the clock.
 */
import type { SingleBar } from 'cli-progress';

/** A command that is done by then shows nothing. */
const PATIENCE_MS = 1_000;
const INTERVAL_MS = 200;
const BAR_WIDTH = 24;

/** What is drawn. */
export interface Drawn {
  readonly done: number;
  /** 0 where it is not known, or not of use: then there is no bar */
  readonly total: number;
  /** for people: "12 of 30 inodes" */
  readonly text: string;
}

export interface ProgressTerminal {
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly environment: NodeJS.ProcessEnv;
  /** milliseconds */
  readonly clock: () => number;
}

/** Of this process, which has one terminal. */
let shown: Progress<never> | undefined;

/** To be called before anything else is written to a terminal. */
export function clearProgress(): void {
  shown?.clear();
}

/** To be told of news of type T. Where nobody sees it, it does nothing. */
export class Progress<T> {
  readonly #bar: SingleBar | undefined;
  readonly #describe: (news: T) => Drawn;
  readonly #clock: () => number;
  /** of the clock: nothing is drawn before */
  #due: number;

  constructor(bar: SingleBar | undefined, describe: (news: T) => Drawn, clock: () => number) {
    this.#bar = bar;
    this.#describe = describe;
    this.#clock = clock;
    this.#due = clock() + PATIENCE_MS;
  }

  show(news: T): void {
    if (this.#bar === undefined) return;
    const now = this.#clock();
    if (now < this.#due) return;
    this.#due = now + INTERVAL_MS;
    const { done, total, text } = this.#describe(news);
    if (shown !== this) {
      clearProgress();
      shown = this;
      this.#bar.start(total, done, { text });
    } else {
      this.#bar.setTotal(total);
      this.#bar.update(done, { text });
      this.#bar.render();
    }
  }

  /** Takes the line away; also to be called in the end, for the bar has a timer that keeps a process from ending. */
  clear(): void {
    if (shown !== this) return;
    shown = undefined;
    this.#bar?.stop();
    this.#due = this.#clock() + INTERVAL_MS;
  }
}

const standardError = (): ProgressTerminal => ({
  stream: process.stderr,
  environment: process.env,
  clock: () => performance.now(),
});

/** `doing` begins the line: "extracting". `describe` is called as often as the line is drawn. */
export async function openProgress<T>(
  doing: string,
  isQuiet: boolean,
  describe: (news: T) => Drawn,
  { stream, environment, clock }: ProgressTerminal = standardError(),
): Promise<Progress<T>> {
  const isSeen = !isQuiet && stream.isTTY === true && environment.TERM !== 'dumb';
  return new Progress(isSeen ? await makeBar(doing, stream) : undefined, describe, clock);
}

async function makeBar(doing: string, stream: NodeJS.WritableStream): Promise<SingleBar> {
  const { Format, SingleBar } = (await import('cli-progress')).default;
  return new SingleBar({
    stream,
    barsize: BAR_WIDTH,
    clearOnComplete: true,
    // a terminal is left as it is, even by a process that is killed: neither cursor nor wrapping are changed
    hideCursor: false,
    linewrap: true,
    // show() says when; the library's own timer has nothing new
    synchronousUpdate: false,
    fps: 1,
    format: (options, params, { text }) => {
      if (params.total === 0) return `${doing}: ${text}`;
      const percent = String(Math.floor(params.progress * 100)).padStart(3);
      return `${doing} [${Format.BarFormat(params.progress, options)}] ${percent} %: ${text}`;
    },
  });
}
