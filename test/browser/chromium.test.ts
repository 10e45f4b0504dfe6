/** A real browser reads a real image: a page with an import map, no bundler, headless Chromium where it is installed. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { chromium, headless } from '../support/chromium.js';
import { fixture } from '../support/fixture.js';
import { expectedManifest } from '../support/opened.js';
import { dist, packageRoot } from '../support/paths.js';
import { killGroup, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);

/** What a bundler would find by package.json. */
const MAP = {
  imports: {
    'erofsjs/browser': '/src/browser.js',
    fflate: '/node_modules/fflate/esm/browser.js',
    'lru-cache': '/node_modules/lru-cache/dist/esm/browser/index.min.js',
    zstddec: '/node_modules/zstddec/dist/zstddec.mjs',
    'zstddec/stream': '/node_modules/zstddec/dist/zstddec-stream.mjs',
  },
};

/** Posts the SHA-256 of every file, read once from a Blob and once by ranges. */
const PAGE = `<!doctype html><script type="importmap">${JSON.stringify(MAP)}</script><script type="module">
import { openImage } from 'erofsjs/browser';
async function digests(image) {
  const lines = [];
  for await (const { path, stats } of image.walk('data')) {
    if (stats.type !== 'file') continue;
    const bytes = await new Response(image.createReadStream('data/' + path)).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    lines.push(path + ' ' + [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join(''));
  }
  await image.close();
  return lines;
}
try {
  const found = {};
  for (const name of new URLSearchParams(location.search).get('names').split(',')) {
    const blob = await (await fetch('/images/' + name)).blob();
    found[name] = { blob: await digests(await openImage(blob)) };
    found[name].ranges = await digests(await openImage(new URL('/images/' + name, location)));
  }
  await fetch('/found', { method: 'POST', body: JSON.stringify(found) });
} catch (error) {
  await fetch('/found', { method: 'POST', body: 'failed: ' + (error.stack ?? error) });
}
</script>`;

/** Where the files of a path are; undefined: nothing is served there. */
function fileOf(path: string): string | undefined {
  const [, room = '', ...rest] = normalize(path).split('/');
  if (room === 'src') return join(dist, room, ...rest);
  if (room === 'node_modules') return join(packageRoot, room, ...rest);
  return room === 'images' ? fixture(rest.join('/')).image : undefined;
}

let tell: (text: string) => void;
const told = new Promise<string>((resolve) => {
  tell = resolve;
});

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url!, 'http://localhost');
  if (pathname === '/found') {
    text(request).then(tell);
    response.end();
    return;
  }
  const path = fileOf(pathname);
  if (path === undefined) {
    response.writeHead(200, { 'content-type': 'text/html' }).end(pathname === '/' ? PAGE : '');
    return;
  }
  const bytes = readFileSync(path);
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  if (first === undefined) {
    const type = /\.m?js$/.test(path) ? 'text/javascript' : 'application/octet-stream';
    response.writeHead(200, { 'content-type': type }).end(bytes);
    return;
  }
  const end = Math.min(Number(last) + 1, bytes.length);
  response
    .writeHead(206, { 'content-range': `bytes ${first}-${end - 1}/${bytes.length}`, etag: '"1"' })
    .end(bytes.subarray(Number(first), end));
});

t.test('headless Chromium', { skip: chromium === undefined && 'takes chromium' }, async (t) => {
  const names = ['lz4', 'v17-lzma', 'deflate-c64k-frag', 'zstd'];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const browser = start(chromium!, [
    ...headless(scratch.folder()),
    // it stays until it is ended
    '--remote-debugging-port=0',
    `http://127.0.0.1:${port}/?names=${names.join(',')}`,
  ]);
  t.teardown(() => killGroup(browser));
  const posted = await told;
  t.match(posted, /^\{/, 'the page came to its end');
  const found = JSON.parse(posted);
  for (const name of names) {
    const manifest = expectedManifest(fixture(name)) as Record<string, { sha256?: string }>;
    const expected = Object.entries(manifest)
      .filter(([path, { sha256 }]) => path.startsWith('data/') && sha256 !== undefined)
      .map(([path, { sha256 }]) => `${path.slice('data/'.length)} ${sha256}`)
      .sort();
    t.ok(expected.length > 4, `${name} has files`);
    t.same(found[name], { blob: expected, ranges: expected }, name);
  }
});
