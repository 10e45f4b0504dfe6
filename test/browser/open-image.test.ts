/** The reader of browsers in Node.js: a Blob, and ranges over a fetch; its imports lead to nothing of Node.js. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openImage } from '../../src/browser.js';
import { imageManifest, withoutHardLinks } from '../library/image-manifest.js';
import { packageOf, sourceFiles, withoutComments } from '../policy/source-files.js';
import { FaultServer, serveWhole } from '../remote/fault-server.js';
import { allFixtures, type Fixture, fixture, optionValues } from '../support/fixture.js';
import { expectedManifest } from '../support/opened.js';

const blobOf = (path: string): Blob => new Blob([readFileSync(path)]);
const offsetOf = ({ options }: Fixture) => Number(optionValues(options, 'offset')[0] ?? 0);

const few = ['lz4-dedupe-fragments-ztail', 'v17-lzma', 'deflate-c64k-frag', 'blobdev', 'offset8192'];
const names = process.env.FIXTURES === 'all' ? allFixtures.map(({ name }) => name) : few;
for (const name of names) {
  t.test(`all of ${name}, from blobs`, async (t) => {
    const made = fixture(name);
    const devices = optionValues(made.options, 'device').map(blobOf);
    const offset = offsetOf(made);
    const image = await openImage(blobOf(made.image), { offset, devices, names: 'bytes' });
    t.same(await imageManifest(image), withoutHardLinks(expectedManifest(made)));
    await image.close();
  });
}

t.test('over ranges', async (t) => {
  const made = fixture('zstd');
  const server = await FaultServer.start(t, readFileSync(made.image));
  let requests = 0;
  const counting = (url: string, init: RequestInit) => {
    requests++;
    return fetch(url, init);
  };
  const image = await openImage(server.url(), { names: 'bytes', fetch: counting });
  t.same(await imageManifest(image), withoutHardLinks(expectedManifest(made)));
  t.ok(requests > 1 && server.ranges.every((range) => range !== undefined), `${requests} requests`);
  const whole = await image.readFile('data/mixed.bin');
  const pieces: Uint8Array[] = [];
  for await (const piece of image.createReadStream('data/mixed.bin', { start: 5, end: 69_999 })) {
    pieces.push(piece);
  }
  t.ok(Buffer.concat(pieces).equals(whole.subarray(5, 70_000)));
});

t.test('servers that cannot be read from', async (t) => {
  const server = await FaultServer.start(t, readFileSync(fixture('lz4').image));
  const image = await openImage(server.url());
  server.etag = '"version-2"';
  await t.rejects(image.readFile('data/random.bin'), { code: 'stale' });
  server.always = serveWhole;
  await t.rejects(openImage(server.url()), { code: 'no-ranges' });
  server.always = ({ response }) => void response.writeHead(403).end();
  await t.rejects(openImage(server.url()), { code: 'refused' });
  await server.stop();
  await t.rejects(openImage(server.url()), { code: 'unreachable' });
  await t.rejects(openImage(new Blob(['no image'.repeat(1000)])), { code: 'not-erofs' });
});

t.test('nothing of Node.js is in its graph', async (t) => {
  const files = new Map(sourceFiles('src').map((file) => [file.path, file]));
  const reached = new Set([join('src', 'browser.ts')]);
  const packages = new Set<string>();
  const wrong: string[] = [];
  for (const path of reached) {
    const { imports, text } = files.get(path)!;
    if (/\b(Buffer|process|require|__dirname)\b[.(]/.test(withoutComments(text)))
      wrong.push(`${path} uses a global`);
    for (const found of imports) {
      if (found.isType) continue;
      if (found.file !== undefined) reached.add(found.file);
      else if (found.from.startsWith('node:')) wrong.push(`${path} imports ${found.from}`);
      else packages.add(packageOf(found)!);
    }
  }
  t.ok(reached.size > 40, `${reached.size} files`);
  t.same([...packages].sort(), ['fflate', 'lru-cache', 'zstddec']);
  t.same(wrong, []);
});
