import t from 'tap';
import { shortSize, sizeText } from '../../src/commands/size-text.js';

t.test('as du -h writes sizes', async (t) => {
  for (const [bytes, text] of [
    [0, '0'],
    [1023, '1023'],
    [1024, '1.0K'],
    [1025, '1.1K'],
    [10 * 1024, '10K'],
    [10 * 1024 - 1, '10K'],
    [1023 * 1024 + 1, '1.0M'],
    [1.5 * 2 ** 30, '1.5G'],
  ] as const) {
    t.equal(shortSize(bytes), text, `${bytes}`);
  }
});

t.test('in words', async (t) => {
  t.equal(sizeText(839_680), '820 KiB');
  t.equal(sizeText(7), '7 B');
});
