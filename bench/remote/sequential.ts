/**
 * Reading in sequence through a mount of an image behind HTTP: `node dist/bench/remote/sequential.js [ROUNDS]`, as root.
 *
 * Against `curl -o FILE` of the same image from the same nginx on loopback, with a cache that is empty in each round; and from a
 * full cache without the network against a mount of the local image. Ratios are of one round each. Absolute figures hold for
 * this machine only.
 */
import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { devFuseRoot } from '../../test/support/front-end.js';
import { noMkfs } from '../../test/support/make-image.js';
import { Nginx, withoutNginx } from '../../test/support/nginx.js';
import { Scratch } from '../../test/support/scratch.js';
import { largeFileImages } from './images.js';
import { type Round, round } from './rounds.js';
import { Stage } from './stage.js';
import { tableOf } from './table.js';

const ROUNDS = 5;

/** Why this cannot be measured here. */
function absences(): string[] {
  const noCurl = spawnSync('curl', ['--version']).status === 0 ? undefined : 'needs curl: apt install curl';
  return [withoutNginx() || undefined, noCurl, noMkfs, devFuseRoot.missing].filter(
    (absence) => absence !== undefined,
  );
}

async function measure(stage: Stage, count: number): Promise<void> {
  const scratch = new Scratch(stage);
  const nginx = await Nginx.start(stage, scratch);
  for (const image of await largeFileImages(scratch)) {
    const served = `${image.name}.erofs`;
    symlinkSync(image.path, join(nginx.folder, served));
    const rounds: Round[] = [];
    for (let number = 0; number < count; number++) {
      rounds.push(await round(scratch, image, nginx.url(served)));
    }
    console.log(tableOf(image, rounds));
  }
}

const count = Number(process.argv[2] ?? ROUNDS);
const absent = absences();
if (absent.length > 0 || !Number.isInteger(count) || count < 1) {
  console.error(absent.length > 0 ? absent.join('\n') : `${process.argv[2]} rounds: expected 1 or more`);
  process.exitCode = 2;
} else {
  const stage = new Stage();
  try {
    await measure(stage, count);
  } finally {
    await stage.end();
  }
}
