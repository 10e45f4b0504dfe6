// node remote.mjs URL FILE CACHE: the first 16 bytes of a file in an image behind HTTP, of which ranges alone are fetched;
// CACHE is a folder that keeps them.
import { openImage } from 'erofsjs';

const [url, file, cache] = process.argv.slice(2);
const image = await openImage(url, { settings: { 'cache-dir': cache, 'read-timeout': 10 } });
try {
  const first = new Uint8Array(16);
  const filled = await image.read(file, first);
  console.log(Buffer.from(first.subarray(0, filled)).toString('hex'));
} finally {
  await image.close();
}
