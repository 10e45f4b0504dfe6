/**
 * What the server answers and the page shows, as JSON. Sizes in bytes; `path` is percent-escaped and names what is asked for, `name`
 * is for people. Imports nobody: the page is compiled for browsers.
 */

/** Which of its sizes a file is drawn by. */
export type Measure = 'stored' | 'plain';

/** Something that could not be read, while the rest goes on. */
export interface ShownProblem {
  /** for people; null where it is about the image */
  readonly name: string | null;
  readonly code: string;
  readonly message: string;
}

export interface ShownField {
  readonly name: string;
  readonly offset: number;
  readonly value: number | string;
  readonly meaning?: string;
}

/** A structure on disk. */
export interface ShownStructure {
  readonly name: string;
  readonly place: string;
  readonly offset: number;
  readonly fields: readonly ShownField[];
}

export interface ShownDevice {
  readonly name: string;
  readonly size: number;
  /** how it is verified */
  readonly verified: string;
}

export interface ShownLayer {
  readonly name: string;
  readonly block_size: number;
  readonly inodes: number;
  /** the image, then its extra devices */
  readonly devices: readonly ShownDevice[];
  readonly structures: readonly ShownStructure[];
}

/** A mount of the image, as it stands at the moment. */
export interface ShownMount {
  readonly mountpoint: string;
  readonly facts: readonly (readonly [label: string, text: string])[];
}

export interface ShownImage {
  readonly name: string;
  /** of an image that was named by its mount */
  readonly mount: ShownMount | null;
  readonly layers: readonly ShownLayer[];
  readonly problems: readonly ShownProblem[];
}

export interface ShownName {
  readonly path: string;
  readonly name: string;
  /** such as "regular file"; null where the inode cannot be read */
  readonly type: string | null;
  readonly size: number | null;
  readonly problem: ShownProblem | null;
}

/** Some names of a directory, in the order of the image. */
export interface ShownFolder {
  readonly names: readonly ShownName[];
  /** what to ask for the next ones with; null at the end */
  readonly next: number | null;
  /** why there are no more */
  readonly problem: ShownProblem | null;
}

/** A file, a folder with all that is below it, or the rest of a folder's names in one. */
export interface ShownTile {
  readonly path: string;
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'rest';
  /** inodes and data, as `erofs du` counts */
  readonly stored_bytes: number;
  /** what programs see */
  readonly plain_bytes: number;
  /** names that it stands for, itself included */
  readonly names: number;
  /** a folder's largest names, and one for the rest; absent where it is too small, or too deep */
  readonly tiles?: readonly ShownTile[];
}

export interface ShownSizes {
  /** false while names are still being counted */
  readonly complete: boolean;
  /** names of the whole image that were counted up to now */
  readonly names_counted: number;
  readonly problem_count: number;
  /** the first of them */
  readonly problems: readonly ShownProblem[];
  readonly tile: ShownTile;
}

/** As `erofs explain --json` has it. */
export interface ShownExtent {
  readonly start: number;
  readonly length: number;
  readonly kind: string;
  readonly place?: string;
  readonly device?: number;
  readonly offset?: number;
  readonly algorithm?: string;
  readonly encoded_length?: number;
  readonly partial?: boolean;
  readonly within?: readonly ShownExtent[];
}

export interface ShownFile {
  readonly path: string;
  readonly name: string;
  /** which of the image's layers shows it */
  readonly layer: number;
  readonly facts: readonly (readonly [label: string, text: string])[];
  readonly xattrs: readonly (readonly [name: string, value: string])[];
  readonly structures: readonly ShownStructure[];
  readonly extents: readonly ShownExtent[];
  readonly extent_count: number;
  readonly problems: readonly ShownProblem[];
}

/** What lies in a block. `outside` is behind the file system; what no inode leads to is of no kind. */
export type BlockKind =
  | 'superblock'
  | 'inode'
  | 'xattr'
  | 'directory'
  | 'index'
  | 'chunk-table'
  | 'inline'
  | 'plain'
  | 'lz4'
  | 'lzma'
  | 'deflate'
  | 'zstd'
  | 'packed'
  | 'metabox'
  | 'outside';

/** One device, cut into cells of equal size. */
export interface ShownBlocks {
  readonly size: number;
  readonly cell_size: number;
  /** false while inodes are still being looked at */
  readonly complete: boolean;
  readonly inodes_counted: number;
  readonly problem_count: number;
  readonly problems: readonly ShownProblem[];
  /** bytes of each kind that is there, in all and by cell */
  readonly kinds: readonly {
    readonly kind: BlockKind;
    readonly bytes: number;
    readonly cells: readonly number[];
  }[];
}

export interface ShownReads {
  /** what is counted, in words, or why nobody knows */
  readonly note: string;
  /** reads by cell; null where nobody knows */
  readonly cells: readonly number[] | null;
}

export interface ShownCached {
  /** where the bytes are kept, in words */
  readonly where: string;
  /** bytes by cell; null where nobody knows, for which `where` gives the reason */
  readonly cells: readonly number[] | null;
}
