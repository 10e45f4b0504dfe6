/** A whole image read through verified sources, at once and fetched: the same tree, or an error, never other bytes. */
import t from 'tap';
import { BytesSource } from '../../src/cache/bytes-source.js';
import type { Source } from '../../src/cache/source.js';
import { VerifiedSource } from '../../src/cache/verified-source.js';
import { openSources } from '../../src/open.js';
import { dmVerityTree, writeSuperblock } from '../../src/verity/dm-verity.js';
import { checkPlacement, treeStart } from '../../src/verity/dm-verity-checks.js';
import { Verifier } from '../../src/verity/verifier.js';
import { fixture } from '../support/fixture.js';
import { RemoteSource } from '../support/memory-source.js';
import { expectedManifest, manifestOf } from '../support/opened.js';
import { imageBytes } from '../support/superblock.js';
import { build } from '../verity/vectors.js';

/** Data, superblock and tree in one file, as containerd appends them. */
function appended(image: Uint8Array, over: (bytes: Uint8Array) => Source) {
  const parameters = {
    hashType: 1,
    algorithm: 'sha256',
    dataBlockSize: 4096,
    hashBlockSize: 4096,
    dataBlocks: Math.ceil(image.length / 4096),
    salt: new Uint8Array(32),
    uuid: new Uint8Array(16),
  } as const;
  const tree = dmVerityTree(parameters);
  const data = new Uint8Array(tree.dataSize);
  data.set(image);
  const { root, bytes } = build(tree, data);
  const start = treeStart(data.length, 4096, true);
  const file = new Uint8Array(start + bytes.length);
  file.set(data);
  file.set(writeSuperblock(parameters), data.length);
  file.set(bytes, start);
  checkPlacement(parameters, bytes.length, {
    dataFileSize: file.length,
    hashFileSize: file.length,
    appended: true,
    hashOffset: data.length,
    hasSuperblock: true,
  });
  const source = over(file);
  const verifier = new Verifier(tree, root);
  return { file, source: new VerifiedSource({ data: source, hashes: source, treeStart: start, verifier }) };
}

const local = (bytes: Uint8Array): Source => new BytesSource(bytes, 'image', 'image');
const remote = (bytes: Uint8Array): Source => new RemoteSource(bytes);

for (const name of ['plain', 'lz4-fragments', 'chunk4k']) {
  for (const [kind, over] of Object.entries({ local, remote })) {
    t.test(`${name}, ${kind}`, async (t) => {
      const { source } = appended(imageBytes(name), over);
      const opened = await openSources([source], {});
      t.strictSame(await manifestOf(opened), expectedManifest(fixture(name)));
    });
  }
}

for (const [kind, over] of Object.entries({ local, remote })) {
  t.test(`a superblock that was touched is refused, ${kind}`, async (t) => {
    const { file, source } = appended(imageBytes('plain'), over);
    file[1024 + 100]! ^= 1;
    await t.rejects(openSources([source], {}), { code: 'integrity', block: 0, level: 'data' });
  });
}
