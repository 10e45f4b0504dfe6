// node mount.mjs IMAGE DIRECTORY: mounts it, shows its root, unmounts it.
import { readdir } from 'node:fs/promises';
import { mount } from 'erofsjs';

const [reference, directory] = process.argv.slice(2);
const mounted = await mount(reference, directory, { report: ({ message }) => console.error(message) });
try {
  console.error(mounted.description);
  for (const name of await readdir(mounted.mountpoint)) console.log(name);
} finally {
  await mounted.unmount();
}
await mounted.ended;
