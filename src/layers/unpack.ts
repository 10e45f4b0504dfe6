/**
 * A whole blob unpacked into a file without a name, and its digests checked on the way.
 *
 * LAW: nobody sees a byte before the digest of the blob, and of what it unpacks to where that is known, is right. Memory does not
 * grow with the blob, and the disk not beyond the limit.
 */
import { createHash, type Hash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Source } from '../cache/source.js';
import { LayerError } from './layer-error.js';
import { TemporaryFile } from './temporary-file.js';

export interface Packed {
  /** what people call it */
  readonly name: string;
  readonly compression: 'none' | 'zstd' | 'gzip';
  /** "sha256:HEX" of the blob as it comes */
  readonly digest: string;
  /** of what it unpacks to, where that is known */
  readonly unpackedDigest?: string | undefined;
}

export interface UnpackRoom {
  readonly cacheDirectory: string;
  /** bytes that it may unpack to */
  readonly limit: number;
}

/**
 * The unpacked bytes; closing the source gives their room back. Rejects with LayerError 'bad-digest', 'bad-diff-id',
 * 'undecodable' or 'too-large', the system's error for the disk, and as `pieces` does.
 */
export async function unpack(
  pieces: AsyncIterable<Uint8Array>,
  packed: Packed,
  { cacheDirectory, limit }: UnpackRoom,
): Promise<Source> {
  const input = new HashedPieces(pieces, packed.digest);
  const file = new TemporaryFile(cacheDirectory);
  const output = new LimitedOutput(file, packed, limit);
  try {
    let failure: unknown;
    try {
      await decode(packed.compression, input, (unpacked) => output.take(unpacked));
    } catch (error) {
      failure = error;
    }
    if (input.failure !== undefined) throw input.failure;
    if (output.failure !== undefined) throw output.failure;
    // which of the two is wrong, the blob that came or the one that was made
    requireDigest(await input.digest(), packed);
    if (failure !== undefined) throw undecodable(packed, failure);
    requireUnpackedDigest(output.digest(), packed);
    return file.intoSource(packed.name);
  } catch (error) {
    file.close();
    throw error;
  }
}

type Sink = (unpacked: AsyncIterable<Uint8Array>) => Promise<void>;

async function decode(compression: Packed['compression'], input: HashedPieces, sink: Sink): Promise<void> {
  switch (compression) {
    case 'none':
      return sink(input.pieces());
    case 'gzip':
      return gunzip(input, sink);
    case 'zstd': {
      const { decodeStream } = await import('../erofs-reader/zstd.js');
      return sink(decodeStream(input.pieces()));
    }
  }
}

async function gunzip(input: HashedPieces, sink: Sink): Promise<void> {
  let isWhole = false;
  const whole: Sink = async (unpacked) => {
    await sink(unpacked);
    isWhole = true;
  };
  try {
    await pipeline(input.pieces(), createGunzip({ chunkSize: 256 << 10 }), whole);
  } catch (error) {
    // zeros behind the last member are padding, of which it wants no more than it has got
    if (!isWhole) throw error;
  }
}

/** What comes, hashed on the way, to its end even where nobody wants the rest. */
class HashedPieces {
  /** why no more came */
  failure: unknown;
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #algorithm: string;
  readonly #hash: Hash;

  constructor(pieces: AsyncIterable<Uint8Array>, digest: string) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#algorithm = algorithmOf(digest);
    this.#hash = createHash(this.#algorithm);
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    for (let piece = await this.#next(); piece !== undefined; piece = await this.#next()) yield piece;
  }

  async digest(): Promise<string> {
    while ((await this.#next()) !== undefined);
    return `${this.#algorithm}:${this.#hash.digest('hex')}`;
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await this.#pieces.next();
      if (done === true) return undefined;
      this.#hash.update(value);
      return value;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

class LimitedOutput {
  /** why no more was taken */
  failure: unknown;
  readonly #file: TemporaryFile;
  readonly #packed: Packed;
  readonly #limit: number;
  readonly #algorithm: string;
  readonly #hash: Hash;

  constructor(file: TemporaryFile, packed: Packed, limit: number) {
    this.#file = file;
    this.#packed = packed;
    this.#limit = limit;
    this.#algorithm = algorithmOf(packed.unpackedDigest ?? packed.digest);
    this.#hash = createHash(this.#algorithm);
  }

  digest(): string {
    return `${this.#algorithm}:${this.#hash.digest('hex')}`;
  }

  async take(unpacked: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const bytes of unpacked) {
      try {
        this.#write(bytes);
      } catch (error) {
        this.failure = error;
        throw error;
      }
    }
  }

  #write(bytes: Uint8Array): void {
    if (this.#file.size + bytes.length > this.#limit) {
      throw new LayerError(
        'too-large',
        `${this.#packed.name} unpacks to more than the ${this.#limit} bytes that the cache may take; give --cache-size more, if you trust whoever made the image`,
      );
    }
    this.#hash.update(bytes);
    this.#file.write(bytes);
  }
}

const algorithmOf = (digest: string): string => digest.slice(0, digest.indexOf(':'));

function requireDigest(found: string, { name, digest }: Packed): void {
  if (found === digest) return;
  throw new LayerError(
    'bad-digest',
    `${name} came with the digest ${found}, the image says ${digest}; try another registry or mirror, or get the image anew`,
  );
}

function requireUnpackedDigest(found: string, { name, unpackedDigest = found }: Packed): void {
  if (found === unpackedDigest) return;
  throw new LayerError(
    'bad-diff-id',
    `${name} unpacks to something with the digest ${found}, the image says ${unpackedDigest}; the image has to be made anew`,
  );
}

function undecodable({ name, compression }: Packed, cause: unknown): LayerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LayerError(
    'undecodable',
    `${name} has the right digest and is no ${compression} stream: ${reason}; the image has to be made anew`,
    { cause },
  );
}
