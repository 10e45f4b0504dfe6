/** Inputs as text, and edits in place. */
import t from 'tap';
import { type Edit, parseInput, printInput } from '../../fuzz/input.js';
import { PatchedBytes } from '../../fuzz/patched-bytes.js';

const edit = (at: number, remove: number, ...bytes: number[]): Edit => ({
  at,
  remove,
  bytes: Uint8Array.from(bytes),
});

t.test('an input as a line of text', async (t) => {
  const text = 'image plain-compact 1024+4=00ff00ff 7+1= 9+0=41';
  const input = parseInput(text);
  t.strictSame(input.edits, [edit(1024, 4, 0, 255, 0, 255), edit(7, 1), edit(9, 0, 0x41)]);
  t.equal(printInput(input), text);
  for (const wrong of ['', 'image', 'image plain 1+1', 'image plain 1+1=0', 'image plain x+1=00']) {
    t.throws(() => parseInput(wrong), { code: 'usage' }, wrong);
  }
});

t.test('edits are made and undone', async (t) => {
  const base = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]);
  const before = base.slice();
  const patched = new PatchedBytes(base);
  const cases: [string, Edit[], number[]][] = [
    ['in place, the later one wins', [edit(1, 2, 9, 9), edit(2, 1, 8)], [0, 9, 8, 3, 4, 5, 6, 7]],
    ['cut off at the end', [edit(6, 4, 9, 9, 9, 9)], [0, 1, 2, 3, 4, 5, 9, 9]],
    ['beyond the end', [edit(20, 1, 9)], [0, 1, 2, 3, 4, 5, 6, 7]],
    ['shorter', [edit(3, 5)], [0, 1, 2]],
    ['longer, and one in place before it', [edit(4, 1, 9, 9), edit(0, 1, 7)], [7, 1, 2, 3, 9, 9, 5, 6, 7]],
    ['two of other lengths', [edit(1, 2), edit(6, 1, 8, 8)], [0, 3, 4, 5, 8, 8, 7]],
    ['overlapping ones, of which one is left out', [edit(1, 6), edit(4, 4)], [0, 1, 2, 3]],
  ];
  for (const [what, edits, expected] of cases) {
    t.same([...patched.apply(edits)], expected, what);
    patched.undo();
    t.same(base, before, 'undone');
  }
});
