/** Claims the first chunks of a blob, says so, and holds them for ever: `node chunk-claim-holder.js DIRECTORY SIZE CHUNKS`. */
import { Content } from './chunk-store-content.js';

const [directory, size, chunks] = process.argv.slice(2);
const store = new Content(Number(size)).open(directory!);
process.stdout.write(`${store.claim(0, Number(chunks)).join(' ')}\n`);
setInterval(() => store.isClaimed(0), 2 ** 30);
