// node hash.mjs IMAGE: the SHA-256 of every regular file, as sha256sum prints it. Names may be any bytes.
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { openImage } from 'erofsjs';

const image = await openImage(process.argv[2], { names: 'bytes' });
try {
  for await (const { path, stats } of image.walk()) {
    if (stats.type !== 'file') continue;
    const hash = createHash('sha256');
    await pipeline(image.createReadStream(path), hash);
    process.stdout.write(Buffer.concat([Buffer.from(`${hash.digest('hex')}  `), path, Buffer.from('\n')]));
  }
} finally {
  await image.close();
}
