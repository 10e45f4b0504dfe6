/** What the server of `erofs explore` answers, and to whom. */
import { readFileSync, statSync } from 'node:fs';
import t from 'tap';
import type {
  ShownBlocks,
  ShownFile,
  ShownFolder,
  ShownImage,
  ShownSizes,
} from '../../src/explore/shapes.js';
import { explore, get } from '../support/explored.js';
import { asCommandOptions, fixture, optionValues } from '../support/fixture.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file, symlink } from '../support/image-writer-node.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const SCRIPT = '<script>alert(1)<script>';
const latin1 = Buffer.from('latin1-\xe9', 'latin1');
const image = scratch.file('names.erofs');
writeImage({
  root: directory([
    [SCRIPT, file('script')],
    [latin1, file('e with an acute accent')],
    ['a b%2Fc', file('percent')],
    ['new\nline', file('newline')],
    ['folder', directory({ below: file('below') })],
    ['outside', symlink('/etc/passwd')],
    ['gone', { toNid: 2n ** 40n, type: 1 }],
  ]),
}).save(image);
const explored = await explore(t, [image]);
const { url } = explored;
const { host, pathname } = new URL(url);

t.test('the page, under a policy that lets nothing else in', async (t) => {
  const page = await get(url);
  t.match(page, { status: 200, headers: { 'content-type': /^text\/html/, 'cache-control': 'no-store' } });
  t.match(page.body, /<script type="module" src="explore.js"><\/script>/);
  t.notMatch(page.body, /<script>|<style|https?:|\son\w+=/);
  const policy = String(page.headers['content-security-policy']);
  t.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  t.notMatch(policy, /unsafe|\*/);
  t.match(page.headers, { 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' });
  for (const [name, type] of [
    ['explore.js', /^text\/javascript/],
    ['explore.css', /^text\/css/],
  ] as const) {
    t.match(await get(url + name), { status: 200, headers: { 'content-type': type } }, name);
  }
  t.match(await get(url, { method: 'HEAD' }), { status: 200, body: '' });
});

t.test('nobody else is let in', async (t) => {
  t.match(await get(url, { headers: { host: 'evil.example' } }), { status: 421 });
  t.match(await get(url, { headers: { 'sec-fetch-site': 'cross-site' } }), { status: 403 });
  t.match(await get(url, { method: 'POST' }), { status: 405 });
  t.match(await get(`http://${host}/`), { status: 403 });
  t.match(await get(`http://${host}/api/image`), { status: 403 });
  await t.rejects(get(url.replace('127.0.0.1', '127.0.0.2')), { code: 'ECONNREFUSED' });
});

t.test('nothing outside the page and the image is reached', async (t) => {
  for (const path of [
    '../../../../package.json',
    '%2e%2e/package.json',
    'index.html',
    'main.ts',
    'api/image/',
  ]) {
    const { status } = await get(url, { path: pathname + path });
    t.ok(status === 403 || status === 404, `${path}: ${status}`);
  }
  const passwd = await get(`${url}api/file?path=/../../etc/passwd`);
  t.equal(passwd.status, 404);
  t.match(JSON.parse(passwd.body), { problem: { code: 'no-such-path' } });
  const link = await explored.ask<ShownFile>('api/file?path=/outside');
  t.match(new Map(link.facts).get('leads to'), '/etc/passwd');
});

t.test('questions that nobody can answer', async (t) => {
  for (const [question, status, code] of [
    ['api/nothing', 400, 'bad-question'],
    ['api/folder?after=x', 400, 'bad-question'],
    ['api/file?from=-1', 400, 'bad-question'],
    ['api/blocks?device=7', 400, 'bad-question'],
    ['api/folder?path=/folder/below', 422, 'not-directory'],
    ['api/folder?path=/%25zz', 422, 'bad-escape'],
  ] as const) {
    const { status: found, body } = await get(url + question);
    const answer = JSON.parse(body) as { problem: { code: string } };
    t.same([found === 200 ? 422 : found, answer.problem.code], [status, code], question);
  }
});

t.test('names are data, and lead back to their files', async (t) => {
  const { names, next } = await explored.ask<ShownFolder>('api/folder');
  t.equal(next, null);
  const byName = new Map(names.map((name) => [name.name, name]));
  t.same(
    [...byName.keys()].sort(),
    ["$'latin1-\\351'", "$'new\\nline'", SCRIPT, 'a b%2Fc', 'folder', 'gone', 'outside'].sort(),
  );
  for (const [name, content] of [
    [SCRIPT, 'script'],
    ["$'latin1-\\351'", 'e with an acute accent'],
    ['a b%2Fc', 'percent'],
    ["$'new\\nline'", 'newline'],
  ] as const) {
    const { path } = byName.get(name)!;
    const shown = await explored.ask<ShownFile>(`api/file?path=${encodeURIComponent(path)}`);
    t.match(shown, { path, extent_count: 1, problems: [] }, name);
    t.equal(new Map(shown.facts).get('size'), `${content.length} B`, name);
  }
});

t.test('what cannot be read is shown with its code', async (t) => {
  const { names } = await explored.ask<ShownFolder>('api/folder');
  t.match(
    names.find(({ name }) => name === 'gone'),
    { type: null, problem: { name: '/gone', code: 'corrupt' } },
  );
  t.match(await explored.ask<ShownSizes>('api/sizes'), {
    complete: true,
    problem_count: 1,
    problems: [{ name: 'gone', code: 'corrupt' }],
    tile: { names: 8 },
  });
  t.match(await explored.ask('api/file?path=/gone'), { problem: { code: 'corrupt' } });
});

t.test('extents, a part of them at a time', async (t) => {
  const whole = await explore(t, [fixture('lz4').image]);
  const all = await whole.ask<ShownFile>('api/file?path=/data/text.bin');
  const rest = await whole.ask<ShownFile>('api/file?path=/data/text.bin&from=10');
  t.equal(all.extents.length, 18);
  t.strictSame([rest.extent_count, rest.extents], [18, all.extents.slice(10)]);
  t.strictSame(rest.facts, all.facts, 'which are those of all of them');
  await whole.end('SIGTERM');
});

t.test('layers and devices, each with its own blocks', async (t) => {
  const layers = ['layer1', 'layer2'].map((name) => fixture(name).image);
  const merged = await explore(t, ['--upper', layers[1]!, layers[0]!]);
  const shown = await merged.ask<ShownImage>('api/image');
  t.same(
    shown.layers.map(({ name }) => name),
    layers,
  );
  for (const [layer, image] of layers.entries()) {
    const { size, complete } = await merged.ask<ShownBlocks>(`api/blocks?layer=${layer}`);
    t.strictSame([size, complete], [statSync(image).size, true], image);
    t.notMatch(await merged.ask(`api/cached?layer=${layer}`), { problem: {} });
  }
  await merged.end('SIGTERM');
  const blobs = fixture('blobdev');
  const withDevice = await explore(t, [...asCommandOptions(blobs.options), blobs.image]);
  const device = await withDevice.ask<ShownBlocks>('api/blocks?device=1');
  t.equal(device.size, statSync(optionValues(blobs.options, 'device')[0]!).size);
  t.same(
    device.kinds.map(({ kind }) => kind),
    ['plain'],
  );
  await withDevice.end('SIGTERM');
});

t.test('an image of which half is gone', async (t) => {
  const bytes = readFileSync(fixture('lz4').image);
  bytes.fill(0xff, 8192);
  const damaged = await explore(t, [scratch.file('half.erofs', bytes)]);
  const sizes = await damaged.ask<ShownSizes>('api/sizes');
  t.ok(sizes.complete && sizes.problem_count > 10, `${sizes.problem_count} problems`);
  t.ok(sizes.tile.stored_bytes > 0, 'the rest is there');
  const blocks = await damaged.ask<ShownBlocks>('api/blocks');
  t.ok(blocks.complete && blocks.problem_count > 10 && blocks.kinds.length > 3);
  for (const { code, message } of [...sizes.problems, ...blocks.problems])
    t.ok(code !== 'internal' && !message.includes('\n'), `${code}: ${message}`);
});

t.test('the image as a whole, and what is cached of it', async (t) => {
  t.match(await explored.ask<ShownImage>('api/image'), {
    name: image,
    mount: null,
    layers: [
      { block_size: 4096, devices: [{ verified: 'not verified' }], structures: [{ name: /super_block/ }] },
    ],
    problems: [],
  });
  const { where, cells } = await explored.ask<{ where: string; cells: number[] | null }>('api/cached');
  // what was read a moment ago is in memory, where the system tells
  if (cells === null) t.match(where, /^unknown: /);
  else
    t.ok(
      cells.some((bytes) => bytes > 0),
      where,
    );
});

t.test('it ends when it is told to', async (t) => {
  t.strictSame(await explored.end('SIGTERM'), { status: 0, stderr: '' });
  await t.rejects(get(url), { code: 'ECONNREFUSED' });
});
