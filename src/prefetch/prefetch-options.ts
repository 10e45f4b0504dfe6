/** The options that say what is fetched before it is needed, and from their values to a PrefetchSpec. */
import { resolve } from 'node:path';
import type { LongOption, OptionWords } from '../options/long-option.js';

export const PREFETCH_OPTIONS = {
  prefetch: {
    value: 'WHAT',
    repeats: true,
    describe: 'fetched ahead of need: metadata, all, none, or FILE: first what --record wrote there',
  },
  'prefetch-list': {
    value: 'FILE',
    describe: 'paths, one a line, whose data is fetched ahead, in this order',
  },
  record: { value: 'FILE', describe: 'write there what is read, in order, for --prefetch FILE' },
} as const satisfies Record<string, LongOption>;

export type PrefetchOptionName = keyof typeof PREFETCH_OPTIONS;

const AMOUNTS = ['none', 'metadata', 'all'] as const;
/** `all` begins with the metadata. */
export type PrefetchAmount = (typeof AMOUNTS)[number];

/** Structured-clonable; paths are absolute. */
export interface PrefetchSpec {
  /** what is fetched behind traces and lists; the default is the command's */
  readonly amount?: PrefetchAmount;
  readonly traceFiles: readonly string[];
  readonly listFile?: string;
  readonly recordFile?: string;
}

/** Throws OptionUsageError. */
export function prefetchSpec(words: OptionWords<PrefetchOptionName>): PrefetchSpec {
  const given = words.all('prefetch');
  const amounts = given.filter(isAmount);
  if (amounts.length > 1) {
    throw words.refused(
      'prefetch',
      amounts.join(' and '),
      `one of ${AMOUNTS.join(', ')}; any other word is a FILE`,
    );
  }
  const [listFile, recordFile] = [words.one('prefetch-list'), words.one('record')];
  return {
    ...(amounts[0] !== undefined && { amount: amounts[0] }),
    traceFiles: given.filter((word) => !isAmount(word)).map((file) => resolve(file)),
    ...(listFile !== undefined && { listFile: resolve(listFile) }),
    ...(recordFile !== undefined && { recordFile: resolve(recordFile) }),
  };
}

const isAmount = (word: string): word is PrefetchAmount => (AMOUNTS as readonly string[]).includes(word);
