/**
 * An image with a hash tree behind it: superblock, tree and reads through it.
 *
 * LAW: where a root hash is pinned, what is read is what was signed, whatever happened to data, tree and superblock.
 */
import { VerifiedSource } from '../../src/cache/verified-source.js';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import {
  type DmVerityParameters,
  dmVerityTree,
  parseSuperblock,
  writeSuperblock,
} from '../../src/verity/dm-verity.js';
import { checkFileSystem, checkPlacement, treeStart } from '../../src/verity/dm-verity-checks.js';
import { VerityError } from '../../src/verity/errors.js';
import { TreeBuilder } from '../../src/verity/tree-builder.js';
import { Verifier } from '../../src/verity/verifier.js';
import { Random } from '../../test/support/random.js';
import type { Edit } from '../input.js';
import { dmVerityPlaces } from '../mutators/dm-verity.js';
import { PlaceEditor } from '../mutators/place-editor.js';
import { BrokenRule, type Rules } from '../rules.js';
import type { Base, Target } from '../target.js';
import { MeteredSource } from './metered-source.js';

const UUID = new Uint8Array(16);
const salt = (length: number): Uint8Array => new Random(length).bytes(length);

/** Each with levels enough for a hash block between the leaf and the root. */
const SEEDS: Readonly<Record<string, DmVerityParameters>> = {
  'sha256-512': {
    hashType: 1,
    algorithm: 'sha256',
    dataBlockSize: 512,
    hashBlockSize: 512,
    dataBlocks: 300,
    salt: salt(32),
  },
  'sha512-1024': {
    hashType: 1,
    algorithm: 'sha512',
    dataBlockSize: 1024,
    hashBlockSize: 1024,
    dataBlocks: 40,
    salt: salt(0),
  },
  'sha1-0': {
    hashType: 0,
    algorithm: 'sha1',
    dataBlockSize: 512,
    hashBlockSize: 512,
    dataBlocks: 50,
    salt: salt(20),
  },
  'sha256-mixed': {
    hashType: 1,
    algorithm: 'sha256',
    dataBlockSize: 512,
    hashBlockSize: 4096,
    dataBlocks: 200,
    salt: salt(8),
  },
  'one-block': {
    hashType: 1,
    algorithm: 'sha256',
    dataBlockSize: 4096,
    hashBlockSize: 4096,
    dataBlocks: 1,
    salt: salt(32),
  },
};

class VerityBase implements Base {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly #data: Uint8Array;
  readonly #root: Uint8Array;
  readonly #hashOffset: number;
  readonly #editor: PlaceEditor;

  constructor(name: string, parameters: DmVerityParameters) {
    this.name = name;
    const tree = dmVerityTree(parameters, { allowSha1: true });
    this.#data = new Random(tree.dataSize).bytes(tree.dataSize);
    // blocks of zeros are told by their digest alone
    this.#data.fill(0, 0, Math.min(2, parameters.dataBlocks - 1) * parameters.dataBlockSize);
    const builder = new TreeBuilder(tree);
    builder.add(this.#data);
    const { root, bytes } = builder.finish();
    this.#root = root;
    this.#hashOffset = Math.ceil(tree.dataSize / parameters.hashBlockSize) * parameters.hashBlockSize;
    const start = treeStart(this.#hashOffset, parameters.hashBlockSize, true);
    this.bytes = new Uint8Array(start + bytes.length);
    this.bytes.set(this.#data);
    this.bytes.set(writeSuperblock({ ...parameters, uuid: UUID }), this.#hashOffset);
    this.bytes.set(bytes, start);
    this.#editor = new PlaceEditor(this.bytes, [
      ...dmVerityPlaces(this.#hashOffset, start, this.bytes.length),
    ]);
  }

  edit(random: Random): Edit {
    return this.#editor.edit(random);
  }

  run(bytes: Uint8Array, _edits: readonly Edit[], rules: Rules): void {
    const source = rules.operation('opening', () => this.#open(new MeteredSource(bytes, rules)));
    if (source === undefined) return;
    rules.operation('checking the size', () => checkFileSystem(source.size, this.#data.length));
    const { blockSize, size } = source;
    for (const offset of [0, Math.floor(size / 2), Math.max(0, size - blockSize - 7)]) {
      const dst = new Uint8Array(Math.min(blockSize + 7, size - offset));
      const isRead = rules.operation('reading', () => source.readSync!(dst, offset));
      if (isRead !== true || Buffer.compare(dst, this.#data.subarray(offset, offset + dst.length)) === 0)
        continue;
      throw new BrokenRule(
        'wrong-answer',
        `${dst.length} bytes from byte ${offset} on are not those of the root hash`,
      );
    }
  }

  /** As a mount does that is given the root hash and the offset. */
  #open(source: MeteredSource): VerifiedSource {
    const hashOffset = this.#hashOffset;
    const parameters = parseSuperblock(source.bytesFrom(hashOffset));
    const tree = dmVerityTree(parameters, { allowSha1: true });
    const placement = {
      dataFileSize: source.size,
      hashFileSize: source.size,
      appended: true,
      hashOffset,
      hasSuperblock: true,
    };
    checkPlacement(parameters, tree.shape.size, placement);
    const verifier = new Verifier(tree, this.#root);
    const start = treeStart(hashOffset, parameters.hashBlockSize, true);
    return new VerifiedSource({ data: source, hashes: source, treeStart: start, verifier });
  }
}

export const dmVerityTarget: Target = {
  name: 'dm-verity',
  share: 22,
  allows: (error) => error instanceof VerityError || error instanceof ErofsError,
  bases: async () => Object.entries(SEEDS).map(([name, parameters]) => new VerityBase(name, parameters)),
};
