/**
 * Puts the chunks of a blob in random order, in a process or thread of its own:
 * `node chunk-store-writer.js DIRECTORY SIZE SEED CHUNK_SIZE`.
 *
 * Says on standard output which chunks are durable, a line of their numbers each time that it has waited for that.
 */
import { Random } from '../support/random.js';
import { Content } from './chunk-store-content.js';

const [directory, size, seed, chunkSize] = process.argv.slice(2);
const content = new Content(Number(size));
const store = content.open(directory!, { chunkSize: Number(chunkSize) });
const random = new Random(Number(seed));
const left = [...Array(Math.ceil(content.blob.size / store.chunkSize)).keys()];
let durable: number[] = [];
while (left.length > 0) {
  const [number] = left.splice(random.below(left.length), 1);
  store.put(number!, content.chunk(number!, store.chunkSize));
  durable.push(number!);
  if (random.below(8) > 0) continue;
  await store.flush();
  process.stdout.write(`${durable.join(' ')}\n`);
  durable = [];
}
await store.flush();
process.stdout.write(`${durable.join(' ')}\n`);
store.close();
