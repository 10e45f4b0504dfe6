// node list.mjs IMAGE [DIRECTORY]: the names of a directory and what they are.
import { openImage } from 'erofsjs';

const [reference, directory = '/'] = process.argv.slice(2);
const image = await openImage(reference);
for await (const { name, type } of image.readdir(directory)) console.log(`${type}\t${name}`);
await image.close();
