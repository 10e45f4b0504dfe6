/**
 * An inode, a directory or a compressed cluster that breaks the format costs that file alone: EUCLEAN, or EIO where
 * bytes cannot be decoded. The log names nid and offset, and the rest of the mount goes on.
 */
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { Damage } from '../support/damage.js';
import { fixture } from '../support/fixture.js';
import { devFusePlain, devFuseRoot, type FrontEnd, fuseNative } from '../support/front-end.js';
import { fileDigests, isUtf8, readManifest } from '../support/manifest.js';
import { mount, remains } from '../support/mounted.js';
import { program } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { describeRun, erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

type Tried = Record<string, Record<string, string>>;

interface Victim {
  readonly path: string;
  readonly nid: number;
  readonly answer: Record<string, string>;
}

const scratch = new Scratch(t);
const image = fixture('lz4');
const digests = fileDigests(readManifest(image.manifest));

const inode: Victim & { damage: Damage } = await (async () => {
  const damage = new Damage(image);
  const { nid, offset } = await damage.inode('/sizes/text-4096');
  damage.bytes.writeUInt16LE(0o000644, offset + 4); // i_mode without a file type
  return { damage, path: 'sizes/text-4096', nid, answer: { stat: 'EUCLEAN' } };
})();

const directory: Victim & { damage: Damage } = await (async () => {
  const damage = new Damage(image);
  const { nid, end } = await damage.inode('/hard');
  damage.bytes.writeUInt16LE(7, end + 8); // nameoff of the first entry: no multiple of an entry's 12 bytes
  return { damage, path: 'hard', nid, answer: { list: 'EUCLEAN' } };
})();

const cluster: Victim & { damage: Damage } = await (async () => {
  const damage = new Damage(image);
  const { nid } = await damage.inode('/data/text.bin');
  // an LZ4 block starts with a token and literals, which are the file's own first bytes
  const start = await textStart('/data/text.bin');
  const literals = damage.bytes.indexOf(start);
  if (literals < 0) throw new Error('data/text.bin: its first pcluster was not found');
  damage.bytes.fill(0xff, literals - 1, literals + 300);
  return { damage, path: 'data/text.bin', nid, answer: { read: 'EIO' } };
})();

const victims = { 'a corrupt inode': inode, 'a corrupt directory': directory, 'a corrupt pcluster': cluster };

for (const front of [devFuseRoot, devFusePlain, fuseNative]) {
  for (const [name, victim] of Object.entries(victims)) {
    t.test(`${name}, ${front.name}`, { skip: front.missing ?? noPython ?? false }, (t) =>
      oneVictim(t, front, victim),
    );
  }
}

for (const [name, { damage, path }] of Object.entries(victims)) {
  t.test(`${name}, through the commands`, async (t) => {
    const damaged = damage.write(scratch);
    const bad = await erofs(['ls', '-R', '--json', '--digest', damaged]);
    t.equal(bad.status, 1, 'ls says that something is wrong');
    t.ok(bad.stderr.includes(path), `and names it: ${bad.stderr}`);
    t.ok(bad.stdout.includes('"path":"sizes/text-8192"'), 'and lists the rest');
    const good = await erofs(['cat', damaged, '/sizes/text-63']);
    t.equal(good.status, 0, `cat of another file: ${describeRun(good)}`);
  });
}

async function oneVictim(
  t: Test,
  front: FrontEnd,
  { damage, path, nid, answer }: Victim & { damage: Damage },
) {
  const mounted = await mount(scratch, front, { image: damage.write(scratch) });
  const tried = await observe<Tried>(program('try-all.py'), [mounted.mountpoint], { user: front.user });
  t.same(tried[path], answer, `${path} is answered as it should be`);
  const expected = Object.entries(digests).filter(
    ([other]) => other !== path && !other.startsWith(`${path}/`),
  );
  const wrong = expected.filter(([other, digest]) => tried[other]?.read !== digest).map(([other]) => other);
  t.same(wrong, [], 'every other file has its bytes');
  const refused = Object.keys(tried).filter(
    (other) => other !== path && isUtf8(other) && isError(tried[other]!),
  );
  t.same(refused, [], 'nothing else is refused');
  const lines = readFileSync(mounted.log, 'utf8').split('\n');
  const line = lines.find((text) => new RegExp(`nid\\D{0,4}${nid}\\b`).test(text));
  t.ok(line, `a log line names nid ${nid}`);
  t.match(line ?? '', /offset\D{0,4}(0x)?[0-9a-f]+/, 'and the offset');
  await mounted.unmountFromOutside();
  t.same(await remains(mounted.mountpoint), [], 'and the mount ends as every other');
}

const isError = (fields: Record<string, string>): boolean =>
  Object.values(fields).some((value) => /^E[A-Z]+$/.test(value));

async function textStart(path: string): Promise<Buffer> {
  const said = await erofs(['cat', image.image, path]);
  if (said.status !== 0) throw new Error(`erofs cat ${path}: ${describeRun(said)}`);
  return Buffer.from(said.stdout.slice(0, 12));
}
