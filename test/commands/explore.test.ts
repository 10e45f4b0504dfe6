import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import type {
  ShownBlocks,
  ShownCached,
  ShownFile,
  ShownImage,
  ShownReads,
  ShownSizes,
} from '../../src/explore/shapes.js';
import { explore, get } from '../support/explored.js';
import { fixture } from '../support/fixture.js';
import { devFuseRoot } from '../support/front-end.js';
import { mount } from '../support/mounted.js';
import { Nginx, withoutNginx } from '../support/nginx.js';
import { command } from '../support/paths.js';
import { publish } from '../support/remote-images.js';
import { describeRun, erofs, killGroup, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = new Scratch(t);
const { image } = fixture('lz4');

t.test('the URL alone on a line, and the end on SIGINT', async (t) => {
  const child = start(process.execPath, [command, 'explore', image]);
  const line = await new Promise<string>((resolve) => {
    child.stdout!.setEncoding('utf8').once('data', resolve);
  });
  t.match(line, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/\n$/);
  t.match(await get(line.trim()), { status: 200 });
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGINT');
  t.equal(await ended, 0);
});

const noTerminal = spawnSync('script', ['--version']).status === 0 ? false : 'takes script, of util-linux';

t.test('on a terminal a browser is opened, unless it is not wanted', { skip: noTerminal }, async (t) => {
  const folder = scratch.folder();
  const told = join(folder, 'told');
  writeFileSync(
    join(folder, 'xdg-open'),
    `#!/bin/sh\necho "$1" > '${told}.new'; mv '${told}.new' '${told}'\n`,
    {
      mode: 0o755,
    },
  );
  const onTerminal = async (words: string) => {
    const line = `exec '${process.execPath}' '${command}' explore ${words} '${image}'`;
    const child = start('script', ['-qfec', line, '/dev/null'], {
      environment: { PATH: `${folder}:${process.env.PATH}`, SHELL: '/bin/sh' },
    });
    t.teardown(() => killGroup(child));
    const printed = await new Promise<string>((resolve) => {
      child.stdout!.setEncoding('utf8').once('data', resolve);
    });
    return { child, url: /http\S+/.exec(printed)![0] };
  };
  const opened = await onTerminal('');
  t.ok(await until(() => existsSync(told)), 'the browser was started');
  const given = readFileSync(told, 'utf8').trim();
  t.not(given, opened.url, 'what other users may see is not the token');
  t.match(await get(given), { status: 303, headers: { location: new URL(opened.url).pathname } });
  t.match(await get(given), { status: 403 }, 'and leads there once');
  rmSync(told);
  const closed = await onTerminal('--no-open');
  t.match(await get(closed.url), { status: 200 });
  for (const { child } of [opened, closed]) {
    const ended = new Promise((resolve) => child.once('close', resolve));
    // Ctrl-C, as the terminal has it
    child.stdin!.write('\x03');
    await ended;
  }
  t.notOk(existsSync(told), 'the second one began with nothing but its page');
});

t.test('a port that is chosen, and one that is not free', async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const refused = await erofs(['explore', '--port', String(port), image]);
  t.match(refused, { status: 1, stdout: '' }, describeRun(refused));
  t.match(
    refused.stderr,
    /^erofs explore: --port \d+: 127\.0\.0\.1 .*\(EADDRINUSE\); choose another port[^\n]*\n$/,
  );
  await new Promise((resolve) => other.close(resolve));
  const explored = await explore(t, ['--port', String(port), '--no-open', image]);
  t.equal(new URL(explored.url).port, String(port));
  t.match(await explored.end('SIGTERM'), { status: 0 });
});

t.test('wrong usage, and what is no image', async (t) => {
  const usage = await erofs(['explore', '--port', 'x', image]);
  t.match(usage, { status: 2, stdout: '', stderr: /^erofs explore: --port[^\n]*\n$/ }, describeRun(usage));
  const none = await erofs(['explore', command]);
  t.match(none, { status: 1, stdout: '', stderr: /^erofs explore: \S+: not an EROFS image[^\n]*\n$/ });
});

t.test('an image that is named by its mount', { skip: devFuseRoot.missing ?? false }, async (t) => {
  const mounted = await mount(scratch, devFuseRoot, { image });
  const explored = await explore(t, [mounted.mountpoint]);
  t.match(await explored.ask<ShownImage>('api/image'), {
    name: image,
    mount: { mountpoint: mounted.mountpoint },
  });
  t.match(await explored.ask<ShownSizes>('api/sizes?path=/data'), {
    complete: true,
    tile: { path: '/data' },
  });
  const facts = async () => new Map((await explored.ask<ShownImage>('api/image')).mount!.facts);
  readFileSync(join(mounted.mountpoint, 'data', 'text.bin'));
  t.match(Object.fromEntries(await facts()), {
    driver: /^fuse, transport dev-fuse/,
    server: /^process \d+/,
    read: /^[1-9]\d\.\d KiB; 0 requests waiting/,
  });
  const reads = async () => (await explored.ask<ShownReads>('api/reads')).cells!;
  const before = await reads();
  const { extents } = await explored.ask<ShownFile>('api/file?path=/data/mixed.bin');
  const { cell_size } = await explored.ask<ShownBlocks>('api/blocks');
  const cell = Math.floor(extents[0]!.offset! / cell_size);
  readFileSync(join(mounted.mountpoint, 'data', 'mixed.bin'));
  const after = await reads();
  t.ok(
    after[cell]! > before[cell]!,
    `where the file begins was read again: ${before[cell]} to ${after[cell]}`,
  );
  t.ok(after.includes(0), 'and not everything was');
  await mounted.unmountFromOutside();
  t.match(await explored.ask<ShownReads>('api/reads'), { note: /cannot be asked/, cells: null });
  t.match((await facts()).get('state'), /is no mount of ours/, 'it has ended, and the page goes on');
  t.match(await explored.end('SIGTERM'), { status: 0, stderr: '' });
});

t.test('an image behind a network', { skip: withoutNginx() }, async (t) => {
  const nginx = await Nginx.start(t, scratch);
  publish(fixture('lz4'), nginx.folder);
  const cache = scratch.folder('self', 'cache');
  const explored = await explore(t, ['--cache-dir', cache, nginx.url('lz4.erofs')]);
  t.match(await explored.ask<ShownImage>('api/image'), { name: /^http:.*lz4\.erofs$/ });
  const before = await explored.ask<ShownCached>('api/cached');
  t.equal(before.where, 'in the cache on disk');
  const sum = ({ cells }: ShownCached) => cells!.reduce((sum, bytes) => sum + bytes, 0);
  t.ok(sum(before) > 0 && sum(before) < 839_680, `${sum(before)} bytes were fetched for the superblock`);
  while (!(await explored.ask<ShownSizes>('api/sizes')).complete);
  t.ok(sum(await explored.ask<ShownCached>('api/cached')) > sum(before), 'and more for the names');
  t.match(await explored.end('SIGTERM'), { status: 0, stderr: '' });
});
