/**
 * Options that are the same on the command line (--verity-root) and in a list of -o (verity_root): a table of them, and
 * reading what was given.
 */
export interface LongOption {
  /** what the value is called; undefined: the option takes none */
  readonly value?: string;
  /** may be given several times */
  readonly repeats?: boolean;
  readonly describe: string;
}

/** By long name, what was given for each option, in order; [] for an option without a value. */
export type GivenOptions = ReadonlyMap<string, readonly string[]>;

/** An option's value makes no sense; `message` names the option. */
export class OptionUsageError extends Error {
  override readonly name = 'OptionUsageError';
  readonly code = 'usage';
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** What was given of one table's options. All of it throws OptionUsageError. */
export class OptionWords<Name extends string> {
  readonly #given: GivenOptions;
  readonly #spell: (name: string) => string;

  /** `spell` writes an option as the user would: "--verity-root" or "-o verity_root". */
  constructor(given: GivenOptions, spell: (name: string) => string) {
    this.#given = given;
    this.#spell = spell;
  }

  has(name: Name): boolean {
    return this.#given.has(name);
  }

  all(name: Name): readonly string[] {
    return this.#given.get(name) ?? [];
  }

  one(name: Name): string | undefined {
    const [first, ...more] = this.all(name);
    if (more.length > 0)
      throw new OptionUsageError(`${this.#spell(name)} is given more than once; it applies to all`);
    return first;
  }

  /** One of the words. */
  choice<Word extends string>(name: Name, words: readonly Word[]): Word | undefined {
    const text = this.one(name);
    if (text === undefined || words.includes(text as Word)) return text as Word | undefined;
    throw this.refused(name, text, words.join(', ').replace(/, ([^,]*)$/, ' or $1'));
  }

  oneNumber(name: Name): number | undefined {
    const text = this.one(name);
    return text === undefined ? undefined : this.number(name, text);
  }

  number(name: Name, text: string): number {
    const value = /^(0x[0-9a-f]+|[0-9]+)$/i.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value)) return value;
    throw this.refused(name, text, `a number from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }

  /** Bytes: a number, or one with K, M, G or T behind it. */
  oneSize(name: Name): number | undefined {
    const text = this.one(name);
    if (text === undefined) return undefined;
    const [, digits, unit = ''] = /^([0-9]+)([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
    const value = Number(digits) * UNITS[unit.toLowerCase()]!;
    if (Number.isSafeInteger(value)) return value;
    throw this.refused(name, text, 'a number of bytes, or one with K, M, G or T behind it');
  }

  refused(name: Name, text: string, expected: string): OptionUsageError {
    return new OptionUsageError(`${this.#spell(name)} ${text}: expected ${expected}`);
  }
}
