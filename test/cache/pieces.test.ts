import t from 'tap';
import { BytesSource } from '../../src/cache/bytes-source.js';
import { eachPiece, eachPieceSync, PIECE_SIZE } from '../../src/cache/pieces.js';
import { Random } from '../support/random.js';

const bytes = new Random(6).bytes(2 * PIECE_SIZE + 77);
const source = new BytesSource(bytes, 'a tree', 'tree');

for (const size of [0, 5, PIECE_SIZE, bytes.length]) {
  t.test(`${size} bytes in pieces`, async (t) => {
    const waited: Uint8Array[] = [];
    const atOnce: Uint8Array[] = [];
    await eachPiece(source, size, (piece) => waited.push(piece.slice()));
    eachPieceSync(source, size, (piece) => atOnce.push(piece.slice()));
    for (const pieces of [waited, atOnce]) {
      t.equal(Buffer.compare(Buffer.concat(pieces), bytes.subarray(0, size)), 0);
      t.ok(pieces.slice(0, -1).every(({ length }) => length === PIECE_SIZE));
    }
  });
}

t.test('a source that ends before, and one who no longer wants it', async (t) => {
  const none = () => {};
  t.throws(() => eachPieceSync(source, bytes.length + 1, none), {
    code: 'truncated',
    message: /^a tree ends/,
  });
  await t.rejects(eachPiece(source, bytes.length + 1, none), { code: 'truncated' });
  const abort = new AbortController();
  let taken = 0;
  const takeOne = () => {
    taken++;
    abort.abort();
  };
  await t.rejects(eachPiece(source, bytes.length, takeOne, abort.signal), { name: 'AbortError' });
  t.equal(taken, 1);
});
