/** A proven image: every block is read, and one that does not match is a finding even where no file lies. */
import t from 'tap';
import { VerifiedSource } from '../../src/cache/verified-source.js';
import { checkImage } from '../../src/check/check-image.js';
import { type Finding, Findings } from '../../src/check/finding.js';
import { openSources } from '../../src/open.js';
import { dmVerityTree } from '../../src/verity/dm-verity.js';
import { Verifier } from '../../src/verity/verifier.js';
import { made } from '../cache/verified.js';
import { MemorySource } from '../support/memory-source.js';
import { imageBytes } from '../support/superblock.js';

const BLOCK = 4096;

/** Checks the fixture `plain` under a Merkle tree of it, after `damage` was done. */
async function findingsAfter(damage: (bytes: Uint8Array) => void): Promise<Finding[]> {
  const bytes = imageBytes('plain');
  const tree = dmVerityTree({
    hashType: 1,
    algorithm: 'sha256',
    dataBlockSize: BLOCK,
    hashBlockSize: BLOCK,
    dataBlocks: bytes.length / BLOCK,
    salt: new Uint8Array(),
  });
  const { root, nodes } = made(tree, bytes);
  damage(bytes);
  const source = new VerifiedSource({
    data: new MemorySource(bytes),
    hashes: new MemorySource(nodes),
    treeStart: 0,
    verifier: new Verifier(tree, root),
  });
  const opened = await openSources([source], {});
  const found: Finding[] = [];
  const proofs = [{ blob: 'plain', kind: 'dm-verity', trust: 'pinned' }] as const;
  await checkImage({ ...opened, proofs }, new Findings(100, (finding) => found.push(finding)));
  opened.close();
  return found;
}

t.test('what matches is clean', async (t) => {
  t.same(await findingsAfter(() => {}), []);
});

t.test('one byte that no name leads to', async (t) => {
  const block = 200;
  const found = await findingsAfter((bytes) => {
    bytes[block * BLOCK + 17]! ^= 1;
  });
  t.match(found, [{ code: 'integrity', severity: 'error', offset: block * BLOCK, message: /200/ }]);
});

t.test('two blocks far from each other, each named', async (t) => {
  const found = await findingsAfter((bytes) => {
    bytes[150 * BLOCK]! ^= 1;
    bytes[300 * BLOCK]! ^= 0x80;
  });
  const integrity = found.filter(({ code }) => code === 'integrity');
  t.same(
    integrity.map(({ offset }) => offset),
    [150 * BLOCK, 300 * BLOCK],
  );
});
