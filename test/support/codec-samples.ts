/** What codecs are tried on. */
import { Random } from './random.js';

/** Text, noise, runs and long repeats, whose matches overlap their own output in every way. */
export function codecSamples(): Uint8Array[] {
  const random = new Random(4);
  const words = Array.from({ length: 50 }, () => Buffer.from(random.bytes(1 + random.below(12))));
  const text = Buffer.concat(Array.from({ length: 3000 }, () => words[random.below(words.length)]!));
  const runs = Buffer.concat(
    Array.from({ length: 60 }, () => Buffer.alloc(random.below(700), random.below(256))),
  );
  const periods = Array.from({ length: 70 }, (_, i) =>
    Buffer.alloc(300 + i, Buffer.from(random.bytes(i + 1))),
  );
  return [text, runs, Buffer.concat(periods), random.bytes(5000), Buffer.alloc(1), Buffer.alloc(200_000)];
}
