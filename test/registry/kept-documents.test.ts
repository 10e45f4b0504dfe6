/** What registries said, kept on disk. */
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { digestOf } from '../../src/registry/digest.js';
import { documentsFolder, KeptDocuments } from '../../src/registry/kept-documents.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const bytes = Buffer.from('{"schemaVersion":2}');
const digest = digestOf(bytes);

t.test('a document comes back as it was, or not at all', async (t) => {
  const cache = scratch.folder();
  const kept = new KeptDocuments(cache);
  t.equal(kept.document(digest), undefined);
  t.equal(kept.keep(digest, bytes), undefined);
  t.same(new KeptDocuments(cache).document(digest), bytes);
  const [name] = readdirSync(documentsFolder(cache));
  const path = join(documentsFolder(cache), name!);
  t.equal(statSync(path).mode & 0o777, 0o600);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 1;
    writeFileSync(path, damaged);
    t.equal(kept.document(digest), undefined, `byte ${at}`);
  }
  writeFileSync(path, bytes.subarray(1));
  t.equal(kept.document(digest), undefined);
  const long = digestOf(bytes, 'sha512');
  kept.keep(long, bytes);
  t.same(kept.document(long), bytes);
});

t.test('what a name had is believed where nobody else could have written it', async (t) => {
  const cache = scratch.folder();
  const kept = new KeptDocuments(cache);
  t.equal(kept.digestOf('a:1'), undefined);
  kept.rememberDigest('a:1', digest);
  t.equal(kept.digestOf('a:1'), digest);
  t.equal(kept.digestOf('a:2'), undefined);
  for (const folder of [cache, documentsFolder(cache)]) {
    chmodSync(folder, 0o777);
    t.equal(kept.digestOf('a:1'), undefined, folder);
    chmodSync(folder, 0o700);
  }
  t.equal(kept.digestOf('a:1'), digest);
  const [name] = readdirSync(documentsFolder(cache));
  const path = join(documentsFolder(cache), name!);
  const text = readFileSync(path, 'utf8');
  for (const other of [text.replace('a:1', 'b:1'), text.replace('sha256', 'md5'), '', text.slice(0, 20)]) {
    writeFileSync(path, other);
    t.equal(kept.digestOf('a:1'), undefined, JSON.stringify(other));
  }
});

t.test('it does not grow for ever: what was not used for longest goes', async (t) => {
  const cache = scratch.folder();
  const kept = new KeptDocuments(cache);
  kept.keep(digest, bytes);
  for (let i = 0; i < 2047; i++) writeFileSync(join(documentsFolder(cache), `${i}.name`), '');
  t.equal(readdirSync(documentsFolder(cache)).length, 2048);
  t.same(kept.document(digest), bytes, 'which counts as a use');
  const later = new KeptDocuments(cache);
  later.rememberDigest('one:more', digest);
  t.equal(readdirSync(documentsFolder(cache)).length, 1024);
  t.equal(later.digestOf('one:more'), digest);
  t.same(later.document(digest), bytes);
});

t.test('a disk that keeps nothing says why', async (t) => {
  const kept = new KeptDocuments(scratch.file('no-folder', ''));
  t.match(kept.keep(digest, bytes), { code: /ENOTDIR|EEXIST/ });
  t.equal(kept.document(digest), undefined);
});
