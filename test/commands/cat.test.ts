import { createHash } from 'node:crypto';
import t from 'tap';
import { concatenate } from '../../src/commands/concatenate.js';
import { PIECE_SIZE } from '../../src/commands/content.js';
import { fixture } from '../support/fixture.js';
import { readManifest } from '../support/manifest.js';
import { describeRun, erofs } from '../support/run.js';
import { Captured } from './captured.js';
import { bytes, MemoryTree, openSlowly } from './memory-tree.js';

const plain = fixture('plain');

async function cat(tree: MemoryTree, ...paths: string[]) {
  const captured = new Captured();
  await concatenate(openSlowly(tree), paths.map(bytes), captured.output, captured.problems);
  return { content: await captured.bytes(), said: captured.said, chunks: captured.chunks };
}

t.test('files one after the other, in pieces', async (t) => {
  const tree = new MemoryTree();
  const big = Buffer.alloc(2 * PIECE_SIZE + 5, 'erofs');
  tree.link(0, 'big', tree.file(big));
  tree.link(0, 'empty', tree.file(''));
  tree.link(0, 'link', tree.symlink('/big'));
  const { content, said, chunks } = await cat(tree, 'big', 'empty', 'link');
  t.ok(content.equals(Buffer.concat([big, big])));
  t.same(said, []);
  t.equal(chunks.length, 6, 'pieces of 1 MiB');
});

t.test('a failed file does not stop the next', async (t) => {
  const tree = new MemoryTree();
  const broken = tree.link(0, 'broken', tree.file(Buffer.alloc(PIECE_SIZE + 1)));
  const whole = tree.read.bind(tree);
  tree.read = (node, offset, dst) => {
    if (node === broken && offset > 0) throw Object.assign(new Error('undecodable'), { code: 'undecodable' });
    return whole(node, offset, dst);
  };
  tree.link(0, 'short', tree.file('x', { size: 10 }));
  tree.link(0, 'good', tree.file('good'));
  const { content, said } = await cat(tree, 'broken', 'nope', '/', 'short', 'good');
  t.equal(content.length, PIECE_SIZE + 4, 'what came before the fault, and the next file');
  t.match(said, [
    'erofs test: broken: reading at byte 1048576: undecodable',
    /^erofs test: nope: the image has no nope/,
    /^erofs test: \/: is a directory/,
    /^erofs test: short: reading at byte 0: the content ends 9 bytes before/,
  ]);
});

t.test('the command', async (t) => {
  const manifest = readManifest(plain.manifest);
  const whole = await erofs(['cat', plain.image, '/data/text.bin']);
  t.equal(whole.status, 0, describeRun(whole));
  t.equal(createHash('sha256').update(whole.stdout).digest('hex'), manifest['data/text.bin']!.sha256);
  const odd = await erofs(['cat', '--escaped', plain.image, '/names/latin1-%E9%FF']);
  t.equal(odd.stdout, 'not utf-8\n', describeRun(odd));
  const partly = await erofs(['cat', plain.image, '/nope', '/special/fifo', '/names/.hidden']);
  t.equal(partly.status, 1);
  t.equal(partly.stdout, 'h\n');
  t.match(partly.stderr, /^erofs cat: \/nope: [^\n]*\nerofs cat: \/special\/fifo: is a fifo[^\n]*\n$/);
});
