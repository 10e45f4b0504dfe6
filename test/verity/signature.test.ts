/** The signatures of the vectors, and what becomes of them when anything about them is changed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fsVerityContent, rootHashContent, verifySignature } from '../../src/verity/signature.js';
import { SignatureError } from '../../src/verity/signature-error.js';
import { parseCertificates } from '../../src/verity/signature-trust.js';
import { fixtures } from '../support/paths.js';

interface Vectors {
  readonly signatures: Record<string, string>;
}
const { signatures } = JSON.parse(
  readFileSync(join(fixtures, 'verity', 'verity-vectors.json'), 'utf8'),
) as Vectors;
const vector = (name: string): Buffer => Buffer.from(signatures[name]!, 'base64');

const pinned = parseCertificates(Buffer.from(signatures.certificate_pem!), 'signer.pem');
const content = rootHashContent(Buffer.from(signatures.dm_root_hash!, 'hex'));
const bare = vector('dm_p7_nocerts_b64');
const enclosing = vector('dm_p7_with_cert_b64');
const check = (signature: Uint8Array) => verifySignature({ signature, content, pinned });

t.test('what the vectors accept', async (t) => {
  for (const signature of [bare, enclosing]) {
    t.ok(check(signature).raw.equals(pinned[0]!.raw), 'by the pinned signer');
    const pem = (label: string) =>
      Buffer.from(
        `a comment\n-----BEGIN ${label}-----\n${signature.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`,
      );
    for (const label of ['PKCS7', 'CMS']) t.ok(check(pem(label)), `PEM, ${label}`);
    t.throws(() => check(pem('CERTIFICATE')), { code: 'signature-malformed' });
    t.throws(() => check(Buffer.concat([pem('CMS'), pem('CMS')])), { code: 'signature-unsupported' });
  }
  const digest = Buffer.from(signatures.fs_digest!.replace('sha256:', ''), 'hex');
  const signed = fsVerityContent('sha256', digest);
  t.equal(Buffer.from(signed).toString('hex'), signatures.fs_signed_bytes_hex);
  t.ok(verifySignature({ signature: vector('fs_p7_b64'), content: signed, pinned }));
});

t.test('what they refuse', async (t) => {
  t.throws(() => check(vector('dm_p7_over_binary_hash_b64')), { code: 'signature-mismatch' });
  t.throws(() => check(vector('dm_p7_with_signed_attrs_b64')), {
    code: 'signature-unsupported',
    message: /signed attributes/,
  });
  t.throws(() => check(vector('fs_p7_b64')), { code: 'signature-mismatch' });
  const withNewline = Buffer.concat([content, Buffer.from('\n')]);
  t.throws(() => verifySignature({ signature: bare, content: withNewline, pinned }), {
    code: 'signature-mismatch',
  });
  t.throws(() => verifySignature({ signature: bare, content, pinned: [] }), { code: 'signature-untrusted' });
});

t.test('dates count at the time that is given', async (t) => {
  const at = (date: string) => verifySignature({ signature: bare, content, pinned, at: new Date(date) });
  t.throws(() => at('2026-11-20T23:59:08Z'), { code: 'signature-expired' });
  t.ok(at('2026-11-20T23:59:09Z'));
  t.ok(at('2100-01-01'));
  t.throws(() => at('2126-10-28'), { code: 'signature-expired' });
});

t.test('what is pinned must be certificates', async (t) => {
  const text = signatures.certificate_pem!;
  t.equal(parseCertificates(Buffer.from(text + text), 'two.pem').length, 2);
  t.equal(parseCertificates(pinned[0]!.raw, 'one.der').length, 1);
  for (const wrong of ['', 'no certificate', text.replace('MIID', '!IID'), text.slice(0, 500)]) {
    t.throws(() => parseCertificates(Buffer.from(wrong), 'wrong.pem'), {
      code: 'certificate-malformed',
      message: /^wrong\.pem: /,
    });
  }
});

t.test('the same values in another encoding are refused', async (t) => {
  // the outermost length takes two bytes, 0x82 before them; DER allows neither more nor the indefinite form
  const body = bare.subarray(4);
  const [high, low] = bare.subarray(2, 4);
  for (const head of [
    [0x30, 0x83, 0, high!, low!],
    [0x30, 0x84, 0, 0, high!, low!],
    [0x30, 0x85, 0, 0, 0, high!, low!],
  ]) {
    t.throws(() => check(Buffer.concat([Buffer.from(head), body])), { code: 'signature-malformed' });
  }
  const indefinite = Buffer.concat([Buffer.of(0x30, 0x80), body, Buffer.of(0, 0)]);
  t.throws(() => check(indefinite), { code: 'signature-malformed' });
  t.ok(check(Buffer.concat([Buffer.of(0x30, 0x82, high!, low!), body])), 'as it was');
});

for (const [name, signature] of Object.entries({ bare, enclosing })) {
  t.test(`every shorter ${name} signature is refused, and every longer one`, async (t) => {
    const wrong: string[] = [];
    for (let length = 0; length < signature.length; length++) {
      wrong.push(...refusal(signature.subarray(0, length), `${length} bytes`));
    }
    for (const byte of [0, 0x30, 0xff]) {
      wrong.push(...refusal(Buffer.concat([signature, Buffer.of(byte)]), `with byte ${byte}`));
    }
    t.same(wrong, []);
  });

  t.test(`every flipped bit of the ${name} signature is refused`, async (t) => {
    const wrong: string[] = [];
    const flipped = Buffer.from(signature);
    for (let bit = 0; bit < signature.length * 8; bit++) {
      const byte = Math.floor(bit / 8);
      flipped[byte]! ^= 1 << (bit % 8);
      wrong.push(...refusal(flipped, `bit ${bit}`));
      flipped[byte]! ^= 1 << (bit % 8);
    }
    t.same(wrong, []);
  });
}

/** Nothing, where `signature` is refused as it should be. */
function refusal(signature: Uint8Array, what: string): string[] {
  try {
    check(signature);
    return [`${what}: accepted`];
  } catch (error) {
    return error instanceof SignatureError ? [] : [`${what}: ${(error as Error).stack}`];
  }
}
