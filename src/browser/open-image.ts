/** openImage() of browsers: a File, a Blob or a URL as an Image. Nothing here or below needs Node.js. */
import { BlockCache } from '../cache/block-cache.js';
import { drive } from '../cache/driver.js';
import { ExtentCache } from '../cache/extent-cache.js';
import { countedMemory } from '../cache/lru.js';
import type { Source } from '../cache/source.js';
import { loadCodecsBy } from '../erofs-reader/codec.js';
import { PORTABLE_CODECS } from '../erofs-reader/codecs-portable.js';
import { ErofsImage } from '../erofs-reader/image.js';
import { readSuperblock } from '../erofs-reader/superblock.js';
import type { Image, NameEncoding, Path, StreamRange } from '../library/image.js';
import { ImageFiles } from '../library/image-files.js';
import { nameBytes, nameText } from '../library/names.js';
import { ImageTree } from '../tree/image-tree.js';
import { BlobSource } from './blob-source.js';
import { FetchSource } from './fetch-source.js';

/** Where the bytes of an image or device are: a File is a Blob. */
export type ImageLocation = Blob | URL | string;

/** How an image is opened in a browser. */
export interface BrowserOptions {
  /** byte offset of the file system in the image; 0 unless given */
  readonly offset?: number | undefined;
  /** the extra devices of the image, in the order of its device table */
  readonly devices?: readonly ImageLocation[] | undefined;
  /** open an image that is shorter than it says; reading what is missing still fails */
  readonly allowTruncated?: boolean | undefined;
  /** 'text' unless given; text has no place for names that are not UTF-8, which reject then */
  readonly names?: NameEncoding | undefined;
  /** asks for ranges of URLs; the browser's own unless given. One of your own may authorize, try again, or count */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** told of invalid names that are left out of their directories; nobody unless given */
  readonly report?: ((problem: Error) => void) | undefined;
}

/** An Image with what browsers have. */
export interface BrowserImage<Name = string> extends Image<Name> {
  /** The bytes of a file; the next are read when the last were taken. What is wrong with the path errors the stream. */
  createReadStream(path: Path, range?: StreamRange): ReadableStream<Uint8Array>;
}

/** Bytes of a request, and what caches keep: a tab has less to give than a server. */
const BLOCK_SIZE = 64 << 10;
const MEMORY = 16 << 20;
const INODES = 4096;

class FilesOfBrowser<Name> extends ImageFiles<Name> implements BrowserImage<Name> {
  createReadStream(path: Path, range: StreamRange = {}): ReadableStream<Uint8Array> {
    const pieces = this.pieces(path, range);
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await pieces.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        async cancel() {
          await pieces.return();
        },
      },
      { highWaterMark: 0 },
    );
  }
}

/**
 * Opens an image; nothing of it is verified. A URL's server must answer ranges, and show Content-Range to other origins.
 * Rejects with an error that has a string `code`: 'not-erofs', 'corrupt', 'unsupported', 'truncated', 'missing-device' for the
 * image; 'no-ranges', 'refused', 'unreachable', 'stale', 'io' for its bytes.
 */
export function openImage(
  location: ImageLocation,
  options: BrowserOptions & { readonly names: 'bytes' },
): Promise<BrowserImage<Uint8Array>>;
export function openImage(
  location: ImageLocation,
  options?: BrowserOptions & { readonly names?: 'text' | undefined },
): Promise<BrowserImage>;
export async function openImage(
  location: ImageLocation,
  options: BrowserOptions = {},
): Promise<BrowserImage | BrowserImage<Uint8Array>> {
  const { offset = 0, devices = [], allowTruncated = false, names, report = () => {} } = options;
  const { fetch: fetchRange = (url: string, init: RequestInit) => fetch(url, init) } = options;
  const open = (where: ImageLocation): Promise<Source> | Source =>
    where instanceof Blob ? new BlobSource(where) : FetchSource.open(String(where), fetchRange);
  const sources = await Promise.all([location, ...devices].map(open));
  const placed = sources.map((source, i) => ({ source, base: i === 0 ? offset : 0 }));
  const bytes = new BlockCache(placed, MEMORY, BLOCK_SIZE);
  const { algorithms } = await drive(() => readSuperblock(bytes), bytes);
  await loadCodecsBy(algorithms, PORTABLE_CODECS);
  const decoded = new ExtentCache(MEMORY);
  const image = await drive(() => new ErofsImage(bytes, { decoded, allowTruncated }), bytes);
  const opened = {
    tree: new ImageTree(image, { report, nodes: countedMemory(INODES) }),
    run: <T>(operation: () => T) => drive(operation, bytes),
    close: () => bytes.close(),
  };
  return names === 'bytes' ? new FilesOfBrowser(opened, nameBytes) : new FilesOfBrowser(opened, nameText);
}
