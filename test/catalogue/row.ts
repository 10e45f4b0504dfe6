/**
 * What a row of the catalogue of bad input says.
 *
 * LAW: a row is data. It stands as `x` in a directory of its own in the image of its world, between two good files, and
 * says what each part of the product makes of it: the reader, a mount, `erofs verify` and `erofs extract`.
 */
import type { FindingCode } from '../../src/check/finding.js';
import type { Target } from '../support/image-writer-node.js';
import type { WorldName } from './worlds.js';

/** An errno's name, as a program sees it. */
export type ErrnoName = 'EUCLEAN' | 'EIO' | 'EOPNOTSUPP' | 'ELOOP' | 'ENOENT';

/**
 * What asking for one path gives. `stat` is there where nothing else can be asked; the others are each an errno or what was
 * asked for. `read` is the content as shown() writes it; `xattrs` is absent where there are none.
 */
export interface Answer {
  readonly stat?: ErrnoName;
  /** names without "." and "..", in the order of the image */
  readonly list?: readonly string[] | ErrnoName;
  readonly read?: string;
  readonly target?: string;
  readonly xattrs?: Readonly<Record<string, string>> | ErrnoName;
}

/** By path below the row's directory. */
export type Answers = Readonly<Record<string, Answer>>;

export interface Row {
  /** what is wrong; no slash */
  readonly name: string;
  readonly world: WorldName;
  readonly x: Target;
  /** more names of the row's directory */
  readonly beside?: Readonly<Record<string, Target>>;
  readonly shows: Answers;
  /** what a mount shows instead, where the kernel in front of it has a say */
  readonly mounted?: Answers;
  /** what the errors say; absent where there are none */
  readonly says?: RegExp;
  /** what `erofs verify` finds below the row's directory, each code once; nothing where it has nothing to say */
  readonly finds: readonly FindingCode[];
  /** paths that `erofs extract` reports, "" for a name that no path leads to; those of `shows` with an error unless given */
  readonly notExtracted?: readonly string[];
}
