/** Signatures made here and now by openssl: authorities, key kinds, and forms that are legal and refused. */
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { rootHashContent, verifySignature } from '../../src/verity/signature.js';
import type { SignatureErrorCode } from '../../src/verity/signature-error.js';

const folder = mkdtempSync(join(tmpdir(), 'signatures-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

const missing = spawnSync('openssl', ['version']).status === 0 ? false : 'needs openssl';
const content = rootHashContent(Buffer.alloc(32, 7));
writeFileSync(at('root.txt'), content);

function openssl(...words: string[]): void {
  const { status, stderr } = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${words.join(' ')}: ${stderr}`);
}

interface Issue {
  /** words for `openssl req -newkey` */
  readonly key?: readonly string[];
  readonly by?: string;
  readonly extensions?: readonly string[];
  readonly words?: readonly string[];
}

/** NAME.pem and NAME.key; `by` an authority, or by itself. */
function issue(name: string, { key = ['rsa:2048'], by, extensions = [], words = [] }: Issue = {}): void {
  openssl(
    ...['req', '-x509', '-nodes', '-subj', `/CN=${name}`, '-days', '3650', '-newkey', ...key],
    ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
    ...(by === undefined ? [] : ['-CA', `${by}.pem`, '-CAkey', `${by}.key`]),
    ...extensions.flatMap((extension) => ['-addext', extension]),
    ...words,
  );
}

const certificate = (name: string): X509Certificate => new X509Certificate(readFileSync(at(`${name}.pem`)));

/** PKCS#7 over the root hash, in DER. */
function sign(name: string, ...words: string[]): Buffer {
  openssl(
    ...['smime', '-sign', '-binary', '-in', 'root.txt', '-inkey', `${name}.key`, '-signer', `${name}.pem`],
    ...['-outform', 'der', '-out', 'made.p7s', ...words],
  );
  return readFileSync(at('made.p7s'));
}

function cms(name: string, ...words: string[]): Buffer {
  openssl(
    ...['cms', '-sign', '-binary', '-in', 'root.txt', '-inkey', `${name}.key`, '-signer', `${name}.pem`],
    ...['-outform', 'der', '-out', 'made.p7s', ...words],
  );
  return readFileSync(at('made.p7s'));
}

const signedBy = (signature: Uint8Array, ...pinned: string[]): string =>
  verifySignature({ signature, content, pinned: pinned.map(certificate) }).subject;

const AUTHORITY = ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign'];
const LEAF = ['basicConstraints=critical,CA:FALSE'];

t.test('an authority vouches for the signers that it issued', { skip: missing }, async (t) => {
  issue('root', { extensions: AUTHORITY });
  issue('between', { by: 'root', extensions: AUTHORITY });
  issue('signer', { by: 'between', extensions: [...LEAF, 'extendedKeyUsage=codeSigning'] });
  issue('stranger', { extensions: AUTHORITY });
  const chain = sign('signer', '-noattr', '-certfile', 'between.pem');
  t.equal(signedBy(chain, 'root'), 'CN=signer');
  t.equal(signedBy(chain, 'between'), 'CN=signer');
  t.equal(signedBy(chain, 'stranger', 'root'), 'CN=signer');
  t.throws(() => signedBy(chain, 'stranger'), { code: 'signature-untrusted' });
  const alone = sign('signer', '-noattr');
  t.equal(signedBy(alone, 'between'), 'CN=signer');
  t.throws(() => signedBy(alone, 'root'), { code: 'signature-untrusted' }, 'the link is missing');
  const bare = sign('signer', '-noattr', '-nocerts');
  t.equal(signedBy(bare, 'signer'), 'CN=signer');
  t.throws(() => signedBy(bare, 'between'), { code: 'signature-untrusted' }, 'who signed is not here');
  const changed = Buffer.from(chain);
  for (const name of ['signer', 'between']) {
    const { raw } = certificate(name);
    const last = chain.indexOf(raw) + raw.length - 1;
    changed[last]! ^= 1;
    t.throws(() => signedBy(changed, 'root'), { code: 'signature-untrusted' }, `${name} changed`);
    changed[last]! ^= 1;
  }
});

t.test('a certificate of the same name and number is not the same one', { skip: missing }, async (t) => {
  issue('real', { words: ['-set_serial', '77'], extensions: LEAF });
  openssl(
    ...['req', '-x509', '-nodes', '-subj', '/CN=real', '-newkey', 'rsa:2048', '-set_serial', '77'],
    ...['-keyout', 'false.key', '-out', 'false.pem'],
  );
  t.throws(() => signedBy(sign('false', '-noattr'), 'real'), { code: 'signature-untrusted' });
  t.throws(() => signedBy(sign('false', '-noattr', '-nocerts'), 'real'), { code: 'signature-mismatch' });
});

t.test('who is no authority vouches for nobody', { skip: missing }, async (t) => {
  for (const extensions of [LEAF, [...LEAF, 'keyUsage=digitalSignature']]) {
    issue('customer', { extensions });
    issue('friend', { by: 'customer', extensions: LEAF });
    t.throws(() => signedBy(sign('friend', '-noattr'), 'customer'), { code: 'signature-untrusted' });
  }
});

t.test(
  "an authority's other customers sign no images, unless they are pinned",
  { skip: missing },
  async (t) => {
    issue('office', { extensions: AUTHORITY });
    issue('web', { by: 'office', extensions: [...LEAF, 'extendedKeyUsage=serverAuth'] });
    const signature = sign('web', '-noattr');
    t.throws(() => signedBy(signature, 'office'), { code: 'signature-untrusted', message: /code signing/ });
    t.equal(signedBy(signature, 'web'), 'CN=web');
  },
);

t.test('keys and digests', { skip: missing }, async (t) => {
  issue('curve', { key: ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'] });
  for (const digest of ['sha256', 'sha384', 'sha512']) {
    t.equal(signedBy(sign('curve', '-noattr', '-md', digest), 'curve'), 'CN=curve', digest);
  }
  issue('small', { key: ['rsa:1024'] });
  t.throws(() => signedBy(sign('small', '-noattr'), 'small'), {
    code: 'signature-weak',
    message: /1024 bits/,
  });
  issue('plain');
  t.equal(signedBy(sign('plain', '-noattr', '-md', 'sha512'), 'plain'), 'CN=plain');
  t.throws(() => signedBy(sign('plain', '-noattr', '-md', 'sha1'), 'plain'), { code: 'signature-weak' });
  issue('old', { extensions: AUTHORITY, words: ['-sha1'] });
  issue('new', { by: 'old', extensions: LEAF, words: ['-sha1'] });
  t.throws(() => signedBy(sign('new', '-noattr'), 'old'), { code: 'signature-weak', message: /CN=new/ });
  t.equal(signedBy(sign('new', '-noattr'), 'new'), 'CN=new', 'pinned: nobody needs to have signed it');
});

t.test('legal forms that are refused, each with its own words', { skip: missing }, async (t) => {
  issue('one');
  issue('two');
  const refused: [string, Buffer, SignatureErrorCode, RegExp][] = [
    ['signed attributes', sign('one'), 'signature-unsupported', /signed attributes/],
    ['content enclosed', sign('one', '-noattr', '-nodetach'), 'signature-unsupported', /detached/],
    [
      'two signers',
      sign('one', '-noattr', '-signer', 'two.pem', '-inkey', 'two.key'),
      'signature-unsupported',
      /several signers/,
    ],
    ['signer by key', cms('one', '-noattr', '-keyid'), 'signature-unsupported', /version/],
    ['RSA-PSS', cms('one', '-noattr', '-keyopt', 'rsa_padding_mode:pss'), 'signature-unsupported', /RSA-PSS/],
  ];
  for (const [what, signature, code, message] of refused) {
    t.throws(() => signedBy(signature, 'one', 'two'), { code, message }, what);
  }
  t.equal(signedBy(cms('one', '-noattr'), 'one'), 'CN=one', 'CMS of the same form');
});
