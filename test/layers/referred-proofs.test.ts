/** What of an image's referrers counts: by whom, about what, how old; and what is opened then. */
import t from 'tap';
import type { LayerBlob } from '../../src/layers/layer-blob.js';
import { describeLayers, type LayerDescriptor } from '../../src/layers/layer-description.js';
import { assembleLayers } from '../../src/layers/layer-roles.js';
import {
  type Referred,
  type ReferredArtifact,
  referredProofs,
  wantsReferrers,
} from '../../src/layers/referred-proofs.js';
import { isVerityArtifact, parseVerityArtifact } from '../../src/verity/annotations-artifact.js';
import { SignatureError } from '../../src/verity/signature-error.js';
import { described, type ImageToPush, imageContent, MEDIA_TYPES, sha256 } from '../support/registry-push.js';
import { conversions, signaturesApart, signaturesInside } from '../support/verity-artifacts.js';

const place = { kind: 'registry', registry: 'registry.example', repository: 'team/app' } as const;
const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const [low, high] = ['low', 'high'].map((text) => sha256(bytesOf(text))) as [string, string];
const [rootA, rootB] = ['aa', 'bb'].map((byte) => byte.repeat(32)) as [string, string];

const layer = (text: string, changed: Partial<LayerDescriptor> = {}): LayerDescriptor => ({
  ...{ digest: sha256(bytesOf(text)), size: text.length, mediaType: MEDIA_TYPES.erofs, place },
  ...changed,
});
const tar = (text: string, changed: Partial<LayerDescriptor> = {}): LayerDescriptor =>
  layer(text, { mediaType: MEDIA_TYPES.tar, ...changed });
/** As the manifest gives a root hash whose tree is inside the layer, and one of which nobody says where its tree is. */
const annotated = (root: string) => ({
  'org.erofs.dmverity.root_digest': `sha256:${root}`,
  'org.erofs.dmverity.hash_offset': '8192',
});
const treeless = (text: string, root: string) => ({
  'io.cncf.notary.layer.digest': sha256(bytesOf(text)),
  'io.cncf.notary.dm-verity.root-hash': root,
});

const { manifest } = imageContent({ layers: [{ bytes: bytesOf('low') }] });
const about = { subject: described(manifest) };

function found(name: string, image: ImageToPush): ReferredArtifact {
  const { manifest: artifact, blobs } = imageContent(image);
  const content = parseVerityArtifact(JSON.parse(Buffer.from(artifact.bytes).toString('utf8')))!;
  const layerBlob = ({ digest, size, mediaType }: (typeof blobs)[number]): LayerBlob => ({
    ...{ digest, size, mediaType, place, name: digest, encoding: { kind: 'plain' } },
  });
  return {
    ...{ name, content },
    signatures: new Map(blobs.map(({ digest, bytes }) => [digest, bytes])),
    blobs: new Map(blobs.map((blob) => [blob.digest, layerBlob(blob)])),
  };
}

/** A signature of these tests is its signer's name and the root hash. */
const signature = (signer: string, root: string): Uint8Array => bytesOf(`${signer} signs ${root}`);
const byVendor = (given: Uint8Array, root: Uint8Array): void => {
  if (Buffer.from(given).equals(signature('vendor', Buffer.from(root).toString('hex')))) return;
  throw new SignatureError('signature-untrusted', 'the signature: not by the vendor');
};

const signed = (of: string, root: string, signer = 'vendor') => ({
  ...{ of, root, signature: signature(signer, root) },
});

function put(
  layers: readonly LayerDescriptor[],
  artifacts: readonly ReferredArtifact[],
  changed: Partial<Referred> = {},
) {
  const image = { name: 'registry.example/team/app:1', layers };
  const referred: Referred = { subject: manifest.digest, artifacts, notes: [], ...changed };
  const proofs = referredProofs(describeLayers(image), referred);
  return { ...assembleLayers(image, proofs.layers), notes: proofs.notes };
}

const pinned = { requireSigned: byVendor };

t.test(
  'a signed root hash, of a tree that the manifest places, or that is behind the file system',
  async (t) => {
    for (const artifact of [signaturesApart, signaturesInside]) {
      const both = found('ours', artifact([signed(low, rootA), signed(high, rootB)], about));
      const { layers, facts, notes } = put(
        [layer('low', { annotations: annotated(rootA) }), layer('high')],
        [both],
        pinned,
      );
      t.same(
        layers.map(({ image, proof }) => ({ image, ...proof!.blobs[0] })),
        [
          {
            ...{ image: `blob:${low}`, root: `sha256:${rootA}`, hashOffset: 8192 },
            signature: Buffer.from(signature('vendor', rootA)).toString('base64'),
          },
          {
            ...{ image: `blob:${high}`, root: rootB },
            signature: Buffer.from(signature('vendor', rootB)).toString('base64'),
          },
        ],
      );
      t.same(
        facts.map(({ guarantee }) => guarantee),
        ['signed', 'signed'],
      );
      t.same(notes, []);
    }
  },
);

t.test('without a pinned certificate a signature is nothing', async (t) => {
  const ours = found('ours', signaturesInside([signed(low, rootA)], about));
  const { layers, facts } = put([layer('low')], [ours]);
  t.same(layers[0]!.proof!.blobs, [{}]);
  t.equal(facts[0]!.guarantee, 'digest');
  const inManifest = { 'image.layer.digest': low, 'image.layer.root_hash': rootA };
  const own = put(
    [layer('low', { annotations: { ...annotated(rootA), ...inManifest, 'image.layer.signature': 'AAAA' } })],
    [],
  );
  t.equal(own.facts[0]!.guarantee, 'dm-verity');
});

t.test('a signature in the manifest itself', async (t) => {
  const text = Buffer.from(signature('vendor', rootA)).toString('base64');
  const inManifest = { 'image.layer.digest': low, 'image.layer.root_hash': rootA };
  const annotations = { ...inManifest, 'image.layer.signature': text };
  const { layers, facts } = put([layer('low', { annotations })], [], pinned);
  t.same(layers[0]!.proof!.blobs, [{ root: rootA, signature: text }]);
  t.match(facts, [{ guarantee: 'signed', notes: [] }]);
});

t.test('the newest that a pinned certificate signed counts', async (t) => {
  const old = signaturesInside([signed(low, rootA)], { ...about, created: '2026-01-01T00:00:00Z' });
  const recent = signaturesInside([signed(low, rootB)], { ...about, created: '2026-02-01T00:00:00Z' });
  const foreign = signaturesInside([signed(low, 'cc'.repeat(32), 'stranger')], {
    ...{ ...about, created: '2026-03-01T01:00:00+01:00' },
  });
  const timeless = signaturesInside([signed(low, 'dd'.repeat(32))], about);
  const all = [
    found('timeless', timeless),
    found('old', old),
    found('recent', recent),
    found('foreign', foreign),
  ];
  for (const artifacts of [all, [...all].reverse()]) {
    const { layers, notes } = put([layer('low')], artifacts, pinned);
    t.equal(layers[0]!.proof!.blobs[0]!.root, rootB);
    t.same(notes, [`foreign, for ${low}, is not used: the signature: not by the vendor`]);
  }
  const given = put([layer('low', { annotations: annotated(rootA) })], all, pinned);
  t.match(given.layers[0]!.proof!.blobs, [{ root: `sha256:${rootA}` }], 'what the manifest says must agree');
  t.equal(given.notes.length, 2);
  t.match(given.notes[1], /recent, for sha256:.*the root hash bbb.*, the manifest gives aaa/);
});

t.test('a layer without a signature that counts is refused', async (t) => {
  const other = { subject: { ...described(manifest), digest: high } };
  const cases: Record<string, [readonly ReferredArtifact[], RegExp]> = {
    'nothing refers to it': [[], /no signature refers to the image/],
    'by a stranger': [
      [found('theirs', signaturesInside([signed(low, rootA, 'stranger')], about))],
      /theirs, for sha256:\w+, is not used: the signature: not by the vendor/,
    ],
    'of another root hash': [
      [found('stale', signaturesInside([signed(low, rootB)], about))],
      /stale.*it signs the root hash bbb\w+, the manifest gives aaa/,
    ],
    'about another image': [
      [found('other', signaturesInside([signed(low, rootA)], other))],
      new RegExp(`other is not used: it is about ${high}`),
    ],
    'about layers that it has not': [
      [found('more', signaturesInside([signed(low, rootA), signed(high, rootA)], about))],
      new RegExp(`it is about ${high}, which is no layer of the image`),
    ],
    'over other artifacts': [
      [
        found('bundle', {
          layers: [{ bytes: bytesOf('signed'), mediaType: 'application/pkcs7-signature' }],
          fields: { artifactType: 'application/vnd.cncf.notary.dmverity.bundle-signature.v1', ...about },
        }),
      ],
      /signatures over other artifacts are not supported/,
    ],
    'that was not fetched': [
      [{ ...found('gone', signaturesApart([signed(low, rootA)], about)), signatures: new Map() }],
      /gone.*it has no signature that can be read/,
    ],
  };
  for (const [name, [artifacts, message]] of Object.entries(cases)) {
    const image = [layer('low', { annotations: annotated(rootA) })];
    t.throws(() => put(image, artifacts, pinned), { code: 'unproven', message }, name);
  }
  const half = found('half', signaturesInside([signed(low, rootA)], about));
  t.throws(() => put([layer('low'), layer('high')], [half], pinned), { message: /it signs 1 of 2 layers/ });
  t.throws(() => put([layer('low')], [], { ...pinned, notes: ['one is damaged'] }), {
    message: /one is damaged; have the image signed/,
  });
});

const IMAGE = bytesOf('an image');
const TREE = bytesOf('its tree');
const conversion = (of: string, changed: object = {}) => ({ of, image: IMAGE, tree: TREE, ...changed });

t.test('a hash tree apart, under a root hash that the manifest gives', async (t) => {
  const image = [layer('low', { annotations: treeless('low', rootA) })];
  t.match(put(image, []).facts, [{ guarantee: 'digest', notes: [/where its tree is is not said/] }]);
  const own = conversion(low, { image: bytesOf('low') });
  for (const says of [{}, { root: rootA }]) {
    const artifact = found('trees', conversions([{ ...own, ...says }], about));
    const { layers, blobs, facts, notes } = put(image, [artifact]);
    t.same(layers, [
      {
        image: `blob:${low}`,
        proof: {
          blobs: [{ root: rootA, hashOffset: 0, hashFile: `blob:${sha256(TREE)}` }],
          ignoreSidecars: true,
        },
      },
    ]);
    t.match(blobs[sha256(TREE)], { size: TREE.length, place, encoding: { kind: 'plain' } });
    t.match(facts, [{ guarantee: 'dm-verity', notes: [`its hash tree is ${sha256(TREE)}, of trees`] }]);
    t.same(notes, []);
  }
  const wrong = found('wrong', conversions([{ ...own, root: rootB }], about));
  const { layers, facts, notes } = put(image, [wrong]);
  t.same(layers[0]!.proof!.blobs, [{}]);
  t.match(facts, [{ guarantee: 'digest', notes: [/where its tree is is not said/] }]);
  t.match(notes, [/wrong is not used: its hash tree .* has the root hash bbb\w+, and not aaa/]);
});

t.test('a tar layer has a root hash, and somebody an image of it', async (t) => {
  const artifact = found('images', conversions([conversion(low)], about));
  const signatures = found('ours', signaturesInside([signed(low, rootA)], about));
  const given = put([tar('low', { annotations: treeless('low', rootA) })], [artifact]);
  t.match(given.layers, [{ image: `blob:${sha256(IMAGE)}`, proof: { blobs: [{ root: rootA }] } }]);
  t.match(given.facts, [{ digest: low, guarantee: 'dm-verity', isPacked: false }]);
  const packed = [tar('low', { mediaType: `${MEDIA_TYPES.tar}+gzip` })];
  const { layers, blobs, facts } = put(packed, [artifact, signatures], pinned);
  t.match(layers, [{ image: `blob:${sha256(IMAGE)}`, devices: undefined }]);
  t.match(blobs[sha256(IMAGE)], { size: IMAGE.length });
  t.match(facts, [{ guarantee: 'signed', isPacked: false, notes: [`read as ${sha256(IMAGE)}, of images`] }]);
  t.throws(() => put(packed, [signatures], pinned), {
    code: 'tar-layer',
    message: /its root hash is known, but no referrer has an EROFS image or index of it; use an image/,
  });
});

t.test('a tar layer has a root hash, and somebody an index of it', async (t) => {
  const index = new Uint8Array(1024);
  const artifact = found(
    'indexes',
    conversions([conversion(low, { image: index, isTarIndex: true })], about),
  );
  const signatures = found('ours', signaturesInside([signed(low, rootA)], about));
  const packed = [tar('low', { mediaType: `${MEDIA_TYPES.tar}+gzip` })];
  const { layers, blobs, facts } = put(packed, [artifact, signatures], pinned);
  const both = `${sha256(index)}+${low}`;
  t.match(layers, [
    { image: `blob:${both}`, proof: { blobs: [{ hashFile: `blob:${sha256(TREE)}`, hashOffset: 0 }] } },
  ]);
  t.match(blobs[both], { encoding: { kind: 'joined', parts: [sha256(index), low] } });
  t.match(blobs[low], { encoding: { kind: 'packed', compression: 'gzip' } });
  t.match(blobs[sha256(index)], { size: 1024 });
  t.match(facts, [{ guarantee: 'signed', isPacked: true }], 'the archive has to be unpacked');
  t.throws(() => put(packed, [artifact]), {
    code: 'tar-layer',
    message: new RegExp(
      `not an EROFS image; indexes has an index of it, ${sha256(index)}, but anybody may have attached that: trust it with --tar-index ${low}=${sha256(index)}, or --verity-cert`,
    ),
  });
});

t.test('whom nobody has to be asked about', async (t) => {
  const wants = (layers: readonly LayerDescriptor[], isSigned = false, isIndexed = false) =>
    wantsReferrers(describeLayers({ name: 'it', layers }), isSigned, () => isIndexed);
  const whole = layer('low', { annotations: annotated(rootA) });
  t.equal(wants([layer('low'), whole]), false);
  t.equal(wants([whole], true), true);
  t.equal(wants([layer('low', { annotations: treeless('low', rootA) })]), true);
  t.equal(wants([layer('low'), tar('high')]), true);
  t.equal(wants([layer('low'), tar('high')], false, true), false);
  t.equal(isVerityArtifact('application/vnd.cncf.notary.dmverity.v1'), true);
  t.equal(isVerityArtifact('application/vnd.example'), false);
  t.equal(isVerityArtifact(undefined), false);
});
