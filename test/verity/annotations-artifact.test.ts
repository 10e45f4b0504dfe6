import t from 'tap';
import { parseVerityArtifact } from '../../src/verity/annotations-artifact.js';

const root = 'ab'.repeat(32);
const digest = (byte: string) => `sha256:${byte.repeat(32)}`;
const subject = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digest('01'),
  size: 1234,
};
const manifest = (artifactType: string, layers: unknown, more: object = {}) => ({
  schemaVersion: 2,
  artifactType,
  subject,
  layers,
  ...more,
});

const SIGNATURES = 'application/vnd.cncf.notary.dmverity.v1';
const signatureBlob = (layer: string, changed: object = {}) => ({
  mediaType: 'application/vnd.cncf.notary.dmverity.layer-signature+pkcs7',
  digest: digest('02'),
  size: 411,
  annotations: {
    'io.cncf.notary.dmverity.layer-digest': digest(layer),
    'io.cncf.notary.dmverity.layer-roothash': root,
    'io.cncf.notary.dmverity.layer-signature': 'AAAA',
  },
  ...changed,
});

const source = (layer: string) => ({ 'io.cncf.notary.dmverity.source-layer-digest': digest(layer) });
const image = (layer: string, changed: object = {}) => ({
  mediaType: 'application/vnd.cncf.containerd.erofs.tar-index.v1',
  digest: digest('03'),
  size: 1024,
  annotations: source(layer),
  ...changed,
});
const tree = (layer: string) => ({
  mediaType: 'application/vnd.cncf.dmverity.merkle-tree.v1',
  digest: digest('04'),
  size: 8192,
  annotations: source(layer),
});

t.test('signatures of layers', async (t) => {
  const artifact = parseVerityArtifact(
    manifest(SIGNATURES, [signatureBlob('aa'), signatureBlob('bb')], {
      annotations: { 'org.opencontainers.image.created': '2026-01-02T03:04:05Z' },
    }),
  );
  t.match(artifact, { kind: 'layer-signatures', subject, created: '2026-01-02T03:04:05Z' });
  t.same(artifact?.kind === 'layer-signatures' && artifact.layers.map(({ proof }) => proof.layerDigest), [
    digest('aa'),
    digest('bb'),
  ]);
  const other = parseVerityArtifact(
    manifest('application/vnd.cncf.notary.signature.dm-verity', [
      {
        mediaType: 'application/pkcs7-signature',
        digest: digest('05'),
        size: 400,
        annotations: {
          'io.cncf.notary.layer.digest': digest('aa'),
          'io.cncf.notary.dm-verity.root-hash': root,
        },
      },
    ]),
  );
  t.match(other, { layers: [{ proof: { layerDigest: digest('aa') }, blob: { digest: digest('05') } }] });
});

t.test('converted layers, and the signature over them', async (t) => {
  const artifact = parseVerityArtifact(
    manifest(SIGNATURES, [image('aa'), tree('bb'), tree('aa'), image('bb')]),
  );
  t.match(artifact, {
    kind: 'converted-layers',
    layers: [
      { proof: { layerDigest: digest('aa'), separateTree: true, hashOffset: 0 }, tarIndex: true },
      { proof: { layerDigest: digest('bb') }, tree: { digest: digest('04') } },
    ],
  });
  const signed = parseVerityArtifact(
    manifest('application/vnd.cncf.notary.dmverity.bundle-signature.v1', [
      { mediaType: 'application/pkcs7-signature', digest: digest('06'), size: 400 },
    ]),
  );
  t.match(signed, { kind: 'bundle-signature', signature: { digest: digest('06') } });
  t.equal(parseVerityArtifact(manifest('application/vnd.example', [])), undefined);
});

const refused: Record<string, unknown> = {
  'no manifest': null,
  'no subject': { artifactType: SIGNATURES, layers: [signatureBlob('aa')] },
  'no layers': manifest(SIGNATURES, []),
  'one layer twice': manifest(SIGNATURES, [signatureBlob('aa'), signatureBlob('aa')]),
  'another media type': manifest(SIGNATURES, [signatureBlob('aa', { mediaType: 'text/plain' })]),
  'no annotations': manifest(SIGNATURES, [signatureBlob('aa', { annotations: undefined })]),
  'an annotation that is no text': manifest(SIGNATURES, [signatureBlob('aa', { annotations: { a: 1 } })]),
  'no size': manifest(SIGNATURES, [signatureBlob('aa', { size: undefined })]),
  'no digest': manifest(SIGNATURES, [signatureBlob('aa', { digest: 'abc' })]),
  'a signature of nothing': manifest(SIGNATURES, [signatureBlob('aa', { annotations: source('aa') })]),
  'an image without tree': manifest(SIGNATURES, [image('aa'), image('bb'), tree('bb')]),
  'a tree without image': manifest(SIGNATURES, [tree('aa')]),
  'two trees': manifest(SIGNATURES, [image('aa'), tree('aa'), tree('aa')]),
  'a tar index that no tar can follow': manifest(SIGNATURES, [image('aa', { size: 1000 }), tree('aa')]),
  'a bundle with two signatures': manifest('application/vnd.cncf.notary.dmverity.bundle-signature.v1', [
    { mediaType: 'application/pkcs7-signature', digest: digest('06'), size: 400 },
    { mediaType: 'application/pkcs7-signature', digest: digest('07'), size: 400 },
  ]),
};

for (const [what, artifact] of Object.entries(refused)) {
  t.test(`refused: ${what}`, async (t) => {
    t.throws(() => parseVerityArtifact(artifact), { name: 'ProofError', code: 'bad-proof' });
  });
}
