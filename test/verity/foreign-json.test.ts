/** Foreign JSON in messages: whatever stands in a document, what is said of it is short and said. */
import t from 'tap';
import { RegistryError } from '../../src/registry/errors.js';
import { parseDocument } from '../../src/registry/manifest.js';
import { foreignJson } from '../../src/verity/foreign-json.js';

const DEPTH = 100_000;
const deep = '['.repeat(DEPTH) + ']'.repeat(DEPTH);

t.test('values as text', async (t) => {
  t.equal(foreignJson('a"b'), '"a\\"b"');
  t.equal(foreignJson(undefined), 'none');
  t.equal(foreignJson('x'.repeat(1000)).length, 100);
  t.equal(foreignJson(JSON.parse(deep)), 'too deeply nested to be shown');
});

t.test('a document whose digest is lists in lists', async (t) => {
  const config = `{"mediaType":"application/vnd.oci.image.config.v1+json","size":1,"digest":${deep}}`;
  const text = `{"schemaVersion":2,"layers":[],"config":${config}}`;
  t.throws(() => parseDocument(Buffer.from(text), 'a document'), RegistryError);
  t.throws(() => parseDocument(Buffer.from(`{"schemaVersion":${deep}}`), 'a document'), {
    code: 'corrupt',
    message: /the schemaVersion too deeply nested/,
  });
});
