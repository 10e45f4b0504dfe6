/**
 * How the memory of a process that serves a mount is divided: every cache, and every buffer that would grow with the image, with
 * its readers or with time, has its share here.
 *
 * LAW: the shares of all threads add up to the budget at most. On top of it comes what does not grow: Node.js with its threads
 * (90 MiB with two of them), and what one operation works with, a cluster and what it decodes to.
 */
import { OptionUsageError, OptionWords } from './options/long-option.js';

const MIB = 2 ** 20;

/** Of a mount, in bytes, unless it is told otherwise. */
export const DEFAULT_MEMORY = 128 * MIB;
/** With less the fixed buffers of four threads would leave nothing to read an image with. */
export const LEAST_MEMORY = 16 * MIB;

/** What one opened image may keep in one thread; in bytes unless it says otherwise. Structured-clonable. */
export interface ImageMemory {
  /** blocks of metadata; those of all layers together, as all of these */
  readonly metadata: number;
  /** decoded clusters */
  readonly decoded: number;
  /** how many inodes, and how many nodes of merged layers */
  readonly inodes: number;
  /** verified hash blocks */
  readonly hashes: number;
  /** what merged layers remember of names: which directory has a file, and what is hidden by which layer */
  readonly names: number;
  /** chunks that came over a network */
  readonly chunks: number;
  /** hash trees of objects in stores */
  readonly objects: number;
}

/** What an opened image keeps of an inode: itself, its attributes, and what its mapper remembers. */
const INODE_SIZE = 1024;

/**
 * Of an image's bytes: half of them serve images that are neither verified, nor merged, nor far away. Metadata and decoded clusters
 * have as much as each other, and each a ninth of it besides for memory that waits to be used again: `ls` of many directories wants the first, small reads all over want the second.
 */
export function imageMemory(bytes: number): ImageMemory {
  const share = (part: number) => Math.floor((bytes * part) / 32);
  return {
    metadata: share(9),
    decoded: share(9),
    inodes: Math.floor(share(3) / INODE_SIZE),
    hashes: share(4),
    names: share(3),
    chunks: share(0),
    objects: share(2),
  };
}

/** Of a command that reads an image and ends: nothing else of it grows. */
export const COMMAND_MEMORY: ImageMemory = {
  ...imageMemory(48 * MIB),
  chunks: 32 * MIB,
  objects: 64 * MIB,
};

/** What the threads of one mount may keep. */
export interface ServingMemory {
  /** each thread that answers at once */
  readonly pump: ImageMemory;
  /** the thread that answers what has to wait */
  readonly waiting: ImageMemory;
  /** bytes of requests that wait: their answers, and what is fetched for them */
  readonly requests: number;
  /** of the thread that looks whether anything has extended attributes: of an image that is all here, where nothing waits */
  readonly scan: ImageMemory;
}

/**
 * `total` in bytes, of a mount with so many pumps, which take `fixed` bytes each whatever happens. Five eighths are the pumps', as
 * they answer all that is here; of the rest, waiting requests have 128 at a time with the default budget, and what arrives for
 * them as much.
 */
export function servingMemory(total: number, pumps: number, fixed: number): ServingMemory {
  const eighth = Math.floor(total / 8);
  const pump = imageMemory(Math.floor((5 * eighth) / pumps) - fixed);
  return {
    pump,
    waiting: { ...imageMemory(eighth), chunks: eighth },
    requests: eighth,
    scan: imageMemory(Math.floor(eighth / 4)),
  };
}

/** Of a process whose one thread does all of it. */
export function singleMemory(total: number): ImageMemory {
  const eighth = Math.floor(total / 8);
  return { ...imageMemory(6 * eighth), chunks: eighth };
}

/** From --memory or -o memory, spelled as the user would; throws OptionUsageError. */
export function memoryOf(text: string | undefined, spelled: string): number {
  if (text === undefined) return DEFAULT_MEMORY;
  const words = new OptionWords<'memory'>(new Map([['memory', [text]]]), () => spelled);
  const bytes = words.oneSize('memory')!;
  if (bytes >= LEAST_MEMORY) return bytes;
  throw new OptionUsageError(
    `${spelled} ${text}: expected ${LEAST_MEMORY / MIB}M or more: caches and buffers need that to serve at all; ${DEFAULT_MEMORY / MIB}M is the default`,
  );
}
