/** What one extraction did, and what it could not do; the words for people. */
import { counted } from '../commands/counted.js';

export class Tally {
  directories = 0;
  files = 0;
  /** bytes of content written, holes not counted */
  bytes = 0;
  /** of the file that is being written */
  bytesUnderWay = 0;
  symlinks = 0;
  hardLinks = 0;
  specials = 0;
  /** false where the extraction ended before all of the image was met */
  isComplete = true;

  /** left out or changed, which is a failure only where it is asked to be */
  readonly shortfalls = new Shortfalls();

  /** Those that were made; a hard link makes none. */
  get inodes(): number {
    return this.directories + this.files + this.symlinks + this.specials;
  }

  /** One line; `done` says what was done with them. */
  summary(target: string, done = 'extracted'): string {
    const parts = [
      `${counted(this.files, 'file')} (${this.bytes} bytes)`,
      counted(this.directories, 'directory', 'directories'),
      counted(this.symlinks, 'symbolic link'),
      counted(this.hardLinks, 'hard link'),
      counted(this.specials, 'special file'),
    ].filter((part) => !part.startsWith('0 '));
    return `${done} ${parts.length === 0 ? 'nothing' : parts.join(', ')} into ${target}`;
  }
}

/** Kinds of shortfall; the first of each kind stands as its example. */
export class Shortfalls {
  readonly #kinds = new Map<string, { count: number; example: string }>();

  /** `kind` is a sentence of many, such as "device nodes were left out". */
  add(kind: string, example: () => string): void {
    const known = this.#kinds.get(kind);
    if (known === undefined) this.#kinds.set(kind, { count: 1, example: example() });
    else known.count++;
  }

  /** One line a kind. */
  lines(): string[] {
    return [...this.#kinds].map(([kind, { count, example }]) => `${kind} (${count}, such as ${example})`);
  }
}
