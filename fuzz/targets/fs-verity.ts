/** A descriptor of fs-verity, and the tree that it describes. */
import { VerityError } from '../../src/verity/errors.js';
import {
  DESCRIPTOR_SIZE,
  type FsVerityDescriptor,
  fileDigest,
  fsVerityTree,
  parseDescriptor,
  writeDescriptor,
} from '../../src/verity/fs-verity.js';
import { Random } from '../../test/support/random.js';
import type { Edit } from '../input.js';
import { fsVerityPlaces } from '../mutators/fs-verity.js';
import { PlaceEditor } from '../mutators/place-editor.js';
import { BrokenRule, type Rules } from '../rules.js';
import type { Base, Target } from '../target.js';

const SEEDS: Readonly<Record<string, FsVerityDescriptor>> = {
  sha256: {
    algorithm: 'sha256',
    blockSize: 4096,
    fileSize: 1 << 20,
    salt: new Uint8Array(0),
    root: new Uint8Array(32),
  },
  sha512: {
    algorithm: 'sha512',
    blockSize: 1024,
    fileSize: 2 ** 40,
    salt: new Random(1).bytes(32),
    root: new Uint8Array(64),
  },
  empty: {
    algorithm: 'sha256',
    blockSize: 4096,
    fileSize: 0,
    salt: new Random(2).bytes(8),
    root: new Uint8Array(32),
  },
};

/** What was parsed is written as the same bytes, or the digest of a file would depend on who computes it. */
function run(bytes: Uint8Array, _edits: readonly Edit[], rules: Rules): void {
  const descriptor = rules.operation('parsing', () => parseDescriptor(bytes));
  if (descriptor === undefined) return;
  rules.operation('the tree', () => fsVerityTree(descriptor, descriptor.fileSize));
  rules.operation('the digest', () => fileDigest(descriptor));
  const again = rules.operation('writing', () => writeDescriptor(descriptor));
  if (again !== undefined && Buffer.compare(again, bytes.subarray(0, DESCRIPTOR_SIZE)) === 0) return;
  throw new BrokenRule('wrong-answer', 'the descriptor is not written as it was read');
}

export const fsVerityTarget: Target = {
  name: 'fs-verity',
  share: 22,
  allows: (error) => error instanceof VerityError,
  bases: async () =>
    Object.entries(SEEDS).map(([name, descriptor]): Base => {
      const bytes = writeDescriptor(descriptor);
      const editor = new PlaceEditor(bytes, fsVerityPlaces);
      return { name, bytes, edit: (random) => editor.edit(random), run };
    }),
};
