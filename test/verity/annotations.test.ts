import t from 'tap';
import { parseAnnotations } from '../../src/verity/annotations.js';

const root = 'ab'.repeat(32);
const layer = `sha256:${'cd'.repeat(32)}`;
const signature = Buffer.from('a signature').toString('base64');
const rootHash = new Uint8Array(Buffer.from(root, 'hex'));

t.test('every set of names', async (t) => {
  t.same(
    parseAnnotations({
      'org.erofs.dmverity.hash_offset': '1048576',
      'org.erofs.dmverity.root_digest': `sha256:${root}`,
    }),
    { rootHash, algorithm: 'sha256', hashOffset: 1048576, blockSize: 4096 },
  );
  t.same(
    parseAnnotations({
      'dev.containerd.erofs.dmverity.offset': '512',
      'dev.containerd.erofs.dmverity.root_digest': `sha512:${root}${root}`,
      'dev.containerd.erofs.dmverity.block_size': '512',
      'dev.containerd.erofs.zstd.chunk_digest': 'something else',
    }),
    {
      rootHash: Uint8Array.of(...rootHash, ...rootHash),
      algorithm: 'sha512',
      hashOffset: 512,
      blockSize: 512,
    },
  );
  t.same(
    parseAnnotations({
      'io.cncf.notary.layer.digest': layer,
      'io.cncf.notary.dm-verity.root-hash': root,
      'org.opencontainers.image.title': 'layer',
    }),
    { rootHash, layerDigest: layer },
  );
  const signed = { rootHash, layerDigest: layer, signature: Buffer.from('a signature') };
  t.same(
    parseAnnotations({
      'io.cncf.notary.dmverity.layer-digest': layer,
      'io.cncf.notary.dmverity.layer-roothash': root,
      'io.cncf.notary.dmverity.layer-signature': signature,
    }),
    signed,
  );
  t.same(
    parseAnnotations({
      'image.layer.digest': layer,
      'image.layer.root_hash': root,
      'image.layer.signature': signature,
    }),
    signed,
  );
  const source = { 'io.cncf.notary.dmverity.source-layer-digest': layer };
  t.same(parseAnnotations(source), { layerDigest: layer });
  t.same(
    parseAnnotations({
      ...source,
      'io.cncf.notary.dmverity.root-hash': root,
      'io.cncf.notary.dmverity.layout': 'separate-hash-device-superblock-v1',
    }),
    { layerDigest: layer, rootHash, separateTree: true },
  );
  t.equal(parseAnnotations({ 'org.opencontainers.image.title': 'layer' }), undefined);
});

t.test('two sets agree, or are refused', async (t) => {
  const both = {
    'org.erofs.dmverity.hash_offset': '8192',
    'org.erofs.dmverity.root_digest': `sha256:${root}`,
    'image.layer.digest': layer,
    'image.layer.root_hash': root,
  };
  t.same(parseAnnotations(both), {
    rootHash,
    algorithm: 'sha256',
    hashOffset: 8192,
    blockSize: 4096,
    layerDigest: layer,
  });
  t.throws(() => parseAnnotations({ ...both, 'image.layer.root_hash': 'ef'.repeat(32) }), {
    code: 'bad-proof',
    message: /rootHash is abab.* and efef/,
  });
});

const erofs = (changed: Record<string, string>) => ({
  'org.erofs.dmverity.hash_offset': '8192',
  'org.erofs.dmverity.root_digest': `sha256:${root}`,
  ...changed,
});

const refused: Record<string, Record<string, string>> = {
  'an offset alone': { 'org.erofs.dmverity.hash_offset': '8192' },
  'a root alone': { 'org.erofs.dmverity.root_digest': `sha256:${root}` },
  'no multiple of the block size': erofs({ 'org.erofs.dmverity.hash_offset': '512' }),
  'a hexadecimal offset': erofs({ 'org.erofs.dmverity.hash_offset': '0x2000' }),
  'a negative offset': erofs({ 'org.erofs.dmverity.hash_offset': '-4096' }),
  'an offset past 2^53': erofs({ 'org.erofs.dmverity.hash_offset': '36893488147419103232' }),
  'a block size that is no power of two': erofs({ 'org.erofs.dmverity.block_size': '6144' }),
  'a block size out of range': erofs({ 'org.erofs.dmverity.block_size': '131072' }),
  capitals: erofs({ 'org.erofs.dmverity.root_digest': `sha256:${root.toUpperCase()}` }),
  'a short root': erofs({ 'org.erofs.dmverity.root_digest': `sha256:${root.slice(2)}` }),
  'an unknown algorithm': erofs({ 'org.erofs.dmverity.root_digest': `md5:${root}` }),
  'a newline': erofs({ 'org.erofs.dmverity.root_digest': `sha256:${root}\n` }),
  'no layer': { 'image.layer.root_hash': root },
  'a layer without algorithm': { 'image.layer.digest': 'cd'.repeat(32), 'image.layer.root_hash': root },
  'no base64': {
    'image.layer.digest': layer,
    'image.layer.root_hash': root,
    'image.layer.signature': 'a signature',
  },
  'an unknown layout': {
    'io.cncf.notary.dmverity.source-layer-digest': layer,
    'io.cncf.notary.dmverity.layout': 'appended',
  },
};

for (const [what, annotations] of Object.entries(refused)) {
  t.test(`refused: ${what}`, async (t) => {
    t.throws(() => parseAnnotations(annotations), { name: 'ProofError', code: 'bad-proof' });
  });
}
