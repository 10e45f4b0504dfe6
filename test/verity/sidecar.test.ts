import t from 'tap';
import { parseSidecar } from '../../src/verity/sidecar.js';

const roothash = 'ab'.repeat(32);
const parse = (fields: unknown) => parseSidecar(JSON.stringify(fields, null, 2), '/a/layer.erofs.dmverity');

t.test('what containerd writes', async (t) => {
  t.same(parse({ roothash, hashoffset: 8192 }), {
    rootHash: new Uint8Array(Buffer.from(roothash, 'hex')),
    hashOffset: 8192,
    hashDevice: undefined,
  });
  t.match(parse({ roothash, hashoffset: 0, hashdevice: 'layer.erofs.hashtree', more: 1 }), {
    hashOffset: 0,
    hashDevice: 'layer.erofs.hashtree',
  });
});

const refused: Record<string, unknown> = {
  'no object': [],
  'no root hash': { hashoffset: 8192 },
  'no offset': { roothash },
  'an offset as text': { roothash, hashoffset: '8192' },
  'an offset between sectors': { roothash, hashoffset: 100 },
  'a negative offset': { roothash, hashoffset: -512 },
  'half a root hash': { roothash: roothash.slice(1), hashoffset: 8192 },
  'a root hash in capitals': { roothash: roothash.toUpperCase(), hashoffset: 8192 },
  'a device elsewhere': { roothash, hashoffset: 0, hashdevice: '../other' },
  'an absolute device': { roothash, hashoffset: 0, hashdevice: '/dev/sda' },
  'the directory itself': { roothash, hashoffset: 0, hashdevice: '..' },
  'a device that is no name': { roothash, hashoffset: 0, hashdevice: 7 },
};

for (const [what, fields] of Object.entries(refused)) {
  t.test(`refused: ${what}`, async (t) => {
    t.throws(() => parse(fields), { code: 'bad-proof', message: /^\/a\/layer\.erofs\.dmverity: / });
  });
}

t.test('refused: no JSON', async (t) => {
  t.throws(() => parseSidecar('{"roothash":', 'x.dmverity'), {
    code: 'bad-proof',
    message: /^x\.dmverity: no JSON/,
  });
});
