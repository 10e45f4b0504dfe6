// node cat.mjs IMAGE FILE: the content of a file, in a stream that reads no faster than it is taken.
import { pipeline } from 'node:stream/promises';
import { openImage } from 'erofsjs';

const [reference, file] = process.argv.slice(2);
const image = await openImage(reference);
try {
  await pipeline(image.createReadStream(file), process.stdout);
} finally {
  await image.close();
}
