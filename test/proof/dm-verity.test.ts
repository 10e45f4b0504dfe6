/** Images under dm-verity, opened as a command opens them: every layout is read, every contradiction has its words. */
import { writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { type OpenedImage, openImage } from '../../src/open.js';
import type { ProofSpec } from '../../src/proof/proof-spec.js';
import { fixture } from '../support/fixture.js';
import { expectedManifest, manifestOf } from '../support/opened.js';
import { type Asked, type ProvenImage, proven } from '../support/proven-image.js';
import { Random } from '../support/random.js';
import { Scratch } from '../support/scratch.js';
import { imageBytes } from '../support/superblock.js';

const NAME = 'lz4-c64k';
const scratch = new Scratch(t);
const image = imageBytes(NAME);

interface Files {
  readonly image: string;
  readonly hashes: string;
}

function write({ bytes, hashArea }: ProvenImage): Files {
  return { image: scratch.file('image.erofs', bytes), hashes: scratch.file('image.hashes', hashArea) };
}

async function close(opening: Promise<OpenedImage>): Promise<OpenedImage> {
  const opened = await opening;
  opened.close();
  return opened;
}

async function isWhole(t: Test, path: string, proof: ProofSpec): Promise<void> {
  const opened = await openImage({ image: path, proof });
  t.strictSame(await manifestOf(opened), expectedManifest(fixture(NAME)));
  t.match(opened.proofs, [{ kind: 'dm-verity', trust: 'pinned' }]);
  opened.close();
}

t.test('random parameters, with the superblock appended, apart, or none at all', async (t) => {
  const random = new Random(3);
  for (let i = 0; i < 18; i++) {
    const asked: Asked = {
      hashType: random.below(2) as 0 | 1,
      algorithm: (['sha256', 'sha384', 'sha512', 'sha1'] as const)[random.below(4)]!,
      dataBlockSize: 512 << random.below(8),
      hashBlockSize: 512 << random.below(8),
      salt: random.bytes(random.below(40)),
      superblock: random.below(3) > 0,
      appended: random.below(2) > 0,
    };
    const made = proven(image, asked);
    const files = write(made);
    const backend = random.below(6) === 0 ? 'noble' : 'auto';
    const isFound = asked.superblock && made.dataSize === image.length && made.hashOffset === image.length;
    t.test(`${i}: ${JSON.stringify({ ...asked, salt: undefined, backend })}`, (t) =>
      isWhole(t, files.image, {
        blobs: [
          {
            root: made.root,
            ...(asked.appended ? !isFound && { hashOffset: made.hashOffset } : { hashFile: files.hashes }),
          },
        ],
        policy: { allowSha1: true, backend },
        ...(!asked.superblock && { noSuperblock: true, parameters: made.parameters }),
      }),
    );
  }
});

t.test('another root hash is refused before anything is shown', async (t) => {
  const made = proven(image);
  const files = write(made);
  const other = made.root.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
  await t.rejects(openImage({ image: files.image, proof: { blobs: [{ root: other }] } }), {
    code: 'integrity',
  });
});

interface Refusal {
  readonly code: string;
  readonly message?: RegExp;
}

/** What is wrong, the image that has it, what is claimed of it, and the code and words that it is refused with. */
const refused: [
  string,
  () => { made: ProvenImage; bytes?: Uint8Array; proof?: Partial<ProofSpec> },
  Refusal,
][] = [
  [
    'a tree that is cut off',
    () => {
      const made = proven(image);
      return { made, bytes: made.bytes.subarray(0, made.bytes.length - 1) };
    },
    { code: 'tree-truncated', message: /takes \d+ bytes from byte \d+ on, its file ends at byte/ },
  ],
  [
    'a tree over less than the data before it',
    () => {
      const made = proven(image);
      const bytes = new Uint8Array(made.bytes.length + 4096);
      bytes.set(made.bytes.subarray(0, made.dataSize));
      bytes.set(made.bytes.subarray(made.hashOffset), made.hashOffset + 4096);
      return { made, bytes, proof: { blobs: [{ root: made.root, hashOffset: made.hashOffset + 4096 }] } };
    },
    { code: 'data-size', message: /another level of the tree/ },
  ],
  [
    'a tree over less than the file system',
    () => ({ made: proven(image.subarray(0, 200_704)), proof: {} }),
    { code: 'not-verity' },
  ],
  [
    'a file system that is longer than what is covered',
    () => {
      const made = proven(image.subarray(0, 200_704));
      return { made, proof: { blobs: [{ root: made.root, hashOffset: made.hashOffset }] } };
    },
    { code: 'uncovered', message: /the file system ends at byte \d+, the hash tree covers 200704 bytes/ },
  ],
  [
    'SHA-1',
    () => ({ made: proven(image, { algorithm: 'sha1' }) }),
    { code: 'weak-hash', message: /no longer protects against forgery/ },
  ],
  [
    'a superblock that contradicts what was pinned',
    () => ({ made: proven(image), proof: { parameters: { salt: Uint8Array.of(1) } } }),
    { code: 'contradiction', message: /superblock says salt 0+, 01 was pinned/ },
  ],
  [
    'no superblock where it should be',
    () => ({ made: proven(image, { superblock: false }) }),
    { code: 'not-verity', message: /no dm-verity superblock/ },
  ],
  [
    'no superblock, and parameters missing',
    () => ({ made: proven(image), proof: { noSuperblock: true, parameters: { hashType: 1 } } }),
    { code: 'bad-parameters', message: /missing: algorithm, dataBlockSize/ },
  ],
  [
    'a root hash of another length',
    () => ({ made: proven(image), proof: { blobs: [{ root: 'abcd' }] } }),
    { code: 'root-length' },
  ],
  [
    'a root hash and a digest at once',
    () => ({ made: proven(image), proof: { blobs: [{ root: 'abcd', fsVerityDigest: 'sha256:ab' }] } }),
    { code: 'contradiction' },
  ],
  [
    'proofs for more than the image has',
    () => ({ made: proven(image), proof: { blobs: [{ root: 'abcd' }, { root: 'abcd' }] } }),
    { code: 'contradiction', message: /for 2 blobs, the image and its devices are 1/ },
  ],
];

for (const [name, make, expected] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    const { made, bytes = made.bytes, proof = {} } = make();
    const path = scratch.file('refused.erofs', bytes);
    await t.rejects(openImage({ image: path, proof: { blobs: [{ root: made.root }], ...proof } }), expected);
  });
}

t.test(
  'level confusion: the hash blocks of a tree are no image, though its root vouches for them',
  async (t) => {
    const made = proven(image, { dataBlockSize: 512, hashBlockSize: 512 });
    const leaves = Math.ceil(made.parameters.dataBlocks / 16);
    const upper = made.hashArea.length - 512 - leaves * 512;
    const data = made.hashArea.slice(512 + upper);
    const superblock = made.hashArea.slice(0, 512);
    new DataView(superblock.buffer).setBigUint64(72, BigInt(leaves), true);
    const hashes = Buffer.concat([superblock, made.hashArea.subarray(512, 512 + upper)]);
    const proof = { blobs: [{ root: made.root, hashFile: scratch.file('confused.hashes', hashes) }] };
    await t.rejects(openImage({ image: scratch.file('confused.erofs', data), proof }), { code: 'not-erofs' });
  },
);

t.test('the sidecar beside an image is found, and gives integrity alone', async (t) => {
  const made = proven(image);
  const { image: path, hashes } = write(made);
  const sidecar = (fields: object): void => writeFileSync(`${path}.dmverity`, JSON.stringify(fields));
  sidecar({ roothash: made.root, hashoffset: made.hashOffset });
  const { proofs } = await close(openImage({ image: path }));
  t.match(proofs, [{ kind: 'dm-verity', trust: 'integrity', by: `${path}.dmverity` }]);
  const ignoring = await close(openImage({ image: path, proof: { blobs: [], ignoreSidecars: true } }));
  t.match(ignoring.proofs, [{ kind: 'none', trust: 'none' }]);

  const apart = proven(image, { appended: false });
  writeFileSync(path, apart.bytes);
  writeFileSync(hashes, apart.hashArea);
  sidecar({ roothash: apart.root, hashoffset: 0, hashdevice: hashes.slice(hashes.lastIndexOf('/') + 1) });
  t.match((await close(openImage({ image: path }))).proofs, [{ trust: 'integrity' }]);

  sidecar({ roothash: made.root.replace(/^./, 'x'), hashoffset: made.hashOffset });
  await t.rejects(openImage({ image: path }), /roothash/, 'a sidecar that is wrong turns nothing off');
});

t.test('a proof is required: the image, and each device', async (t) => {
  const plain = scratch.file('plain.erofs', image);
  const required = { blobs: [], require: true } as const;
  await t.rejects(openImage({ image: plain, proof: required }), { code: 'unproven', message: /plain.erofs/ });

  const { image: blobdev, options } = fixture('blobdev');
  const made = proven(imageBytes('blobdev'));
  const path = scratch.file('with-device.erofs', made.bytes);
  const device = options[0]!.slice('device='.length);
  const proof = { ...required, blobs: [{ root: made.root, hashOffset: made.hashOffset }] };
  await t.rejects(openImage({ image: path, devices: [device], proof }), {
    code: 'unproven',
    message: /blobdev.blob0: nothing proves its bytes/,
  });
  t.match(
    (await close(openImage({ image: path, devices: [device], proof: { ...proof, require: false } }))).proofs,
    [{ kind: 'dm-verity' }, { kind: 'none', blob: device }],
  );
  t.ok(blobdev);
});
