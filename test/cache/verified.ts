/** Small trees over random data, and sources that note what they are asked for. */
import { BytesSource } from '../../src/cache/bytes-source.js';
import type { BlobRange, Source } from '../../src/cache/source.js';
import { VerifiedSource } from '../../src/cache/verified-source.js';
import { type DmVerityParameters, dmVerityTree } from '../../src/verity/dm-verity.js';
import type { MerkleTree } from '../../src/verity/merkle-tree.js';
import { Verifier } from '../../src/verity/verifier.js';
import { Random } from '../support/random.js';
import { build } from '../verity/vectors.js';

export const BLOCK = 512;
const dm: DmVerityParameters = {
  hashType: 1,
  algorithm: 'sha256',
  dataBlockSize: BLOCK,
  hashBlockSize: BLOCK,
  dataBlocks: 1,
  salt: new Uint8Array([1, 2, 3]),
};

/** Cannot be read at once; notes what it was asked for, and may change what it gives. */
export class Remote implements Source {
  readonly id = 'remote';
  readonly name = 'remote';
  readonly size: number;
  readonly asked: BlobRange[] = [];
  reads = 0;
  /** changes the answer to read number `reads` */
  spoil: (answer: Uint8Array, range: BlobRange, reads: number) => void = () => {};
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.size = bytes.length;
  }

  async read(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<Uint8Array[]> {
    const reads = ++this.reads;
    this.asked.push(...ranges);
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    return ranges.map((range) => {
      const answer = this.bytes.slice(range.offset, range.offset + range.length);
      this.spoil(answer, range, reads);
      return answer;
    });
  }

  close(): void {}
}

export interface Made {
  readonly tree: MerkleTree;
  readonly root: Uint8Array;
  readonly data: Uint8Array;
  readonly nodes: Uint8Array;
}

export function made(tree: MerkleTree, data: Uint8Array): Made {
  const { root, bytes } = build(tree, data);
  return { tree, root, data, nodes: bytes };
}

export function dmMade(dataBlocks: number, parameters: Partial<DmVerityParameters> = {}, seed = 1): Made {
  const tree = dmVerityTree({ ...dm, dataBlocks, ...parameters }, { allowSha1: true });
  return made(tree, new Random(seed).bytes(tree.dataSize));
}

export function sourceOf(
  { tree, root }: Made,
  data: Source,
  hashes: Source,
  treeStart = 0,
  budget?: number,
): VerifiedSource {
  const verifier = new Verifier(tree, root);
  return new VerifiedSource({
    data,
    hashes,
    treeStart,
    verifier,
    ...(budget !== undefined && { memory: budget }),
  });
}

export const local = (bytes: Uint8Array): Source => new BytesSource(bytes, 'local', 'local');

/** The bytes, or the error, of one read through a source that is new, or the given one. */
export async function readOf(
  source: VerifiedSource,
  offset: number,
  length: number,
): Promise<Uint8Array | Error> {
  try {
    if (source.readSync === undefined) return (await source.read([{ offset, length }]))[0]!;
    const dst = new Uint8Array(length);
    source.readSync(dst, offset);
    return dst;
  } catch (error) {
    return error as Error;
  }
}
