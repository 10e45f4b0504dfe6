/** Images formatted by veritysetup, pinned by fsverity and signed by openssl are opened; and those of others are not. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { openImage } from '../../src/open.js';
import type { ProofSpec } from '../../src/proof/proof-spec.js';
import { fixture } from '../support/fixture.js';
import { expectedManifest, manifestOf } from '../support/opened.js';
import { proven } from '../support/proven-image.js';
import { Random } from '../support/random.js';
import { describeRun, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { imageBytes } from '../support/superblock.js';

const NAME = 'zstd';
const scratch = new Scratch(t);
const image = imageBytes(NAME);

/** What a program prints; administrators' programs are looked for where plain users' PATH does not lead. */
async function output(program: string, words: readonly string[]): Promise<string> {
  const ended = await run(pathOf(program)!, words);
  if (ended.status !== 0) throw new Error(`${program} ${words.join(' ')}: ${describeRun(ended)}`);
  return ended.stdout;
}

function pathOf(program: string): string | undefined {
  const folders = ['/usr/sbin', '/sbin', ...(process.env.PATH ?? '').split(':')];
  return folders.map((folder) => `${folder}/${program}`).find((path) => existsSync(path));
}

const without = (program: string): string | false => pathOf(program) === undefined && `needs ${program}`;

t.test('veritysetup, at random parameters', { skip: without('veritysetup') }, async (t) => {
  const random = new Random(41);
  for (let round = 0; round < 10; round++) {
    const dataBlockSize = 512 << random.below(4);
    const hashBlockSize = 512 << random.below(4);
    const isAppended = random.below(2) > 0;
    const hasSuperblock = isAppended || random.below(2) > 0;
    const algorithm = (['sha256', 'sha512'] as const)[random.below(2)]!;
    const hashType = random.below(2) as 0 | 1;
    const salt = Buffer.from(random.bytes(1 + random.below(60)));
    const data = new Uint8Array(Math.ceil(image.length / 4096) * 4096);
    data.set(image);
    const path = scratch.file('formatted.erofs', data);
    const hashFile = isAppended ? path : scratch.file('formatted.hashes', '');
    const said = await output('veritysetup', [
      ...['format', path, hashFile, `--format=${hashType}`, `--hash=${algorithm}`],
      ...[`--data-block-size=${dataBlockSize}`, `--hash-block-size=${hashBlockSize}`],
      `--salt=${salt.toString('hex')}`,
      `--data-blocks=${data.length / dataBlockSize}`,
      ...(isAppended ? [`--hash-offset=${data.length}`] : []),
      ...(hasSuperblock ? [] : ['--no-superblock']),
    ]);
    const root = /Root hash:\s*(\w+)/.exec(said)![1]!;
    const proof: ProofSpec = {
      blobs: [{ root, ...(isAppended ? { hashOffset: data.length } : { hashFile }) }],
      ...(!hasSuperblock && {
        noSuperblock: true,
        parameters: {
          hashType,
          algorithm,
          dataBlockSize,
          hashBlockSize,
          salt,
          dataBlocks: data.length / dataBlockSize,
        },
      }),
    };
    const opened = await openImage({ image: path, proof });
    t.strictSame(
      await manifestOf(opened),
      expectedManifest(fixture(NAME)),
      `type ${hashType}, ${algorithm}, ${dataBlockSize}/${hashBlockSize}, ${isAppended ? 'appended' : 'apart'}, ` +
        `${hasSuperblock ? 'with' : 'without'} superblock`,
    );
    opened.close();
  }
});

t.test('fsverity', { skip: without('fsverity') }, async (t) => {
  const path = scratch.file('pinned.erofs', image);
  for (const algorithm of ['sha256', 'sha512']) {
    const said = await output('fsverity', ['digest', `--hash-alg=${algorithm}`, path]);
    const opened = await openImage({
      image: path,
      proof: { blobs: [{ fsVerityDigest: said.split(' ')[0]! }] },
    });
    t.strictSame(await manifestOf(opened), expectedManifest(fixture(NAME)), algorithm);
    opened.close();
  }
});

t.test(
  'openssl: a root hash beside the image counts with a signature alone',
  { skip: without('openssl') },
  async (t) => {
    const folder = scratch.folder();
    const openssl = (...words: string[]): void => {
      const { status, stderr } = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' });
      if (status !== 0) throw new Error(`openssl ${words.join(' ')}: ${stderr}`);
    };
    for (const name of ['signer', 'stranger']) {
      openssl(
        ...['req', '-x509', '-nodes', '-newkey', 'rsa:2048', '-subj', `/CN=${name}`],
        ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
      );
    }
    const made = proven(image);
    const path = scratch.file('signed.erofs', made.bytes);
    writeFileSync(`${path}.dmverity`, JSON.stringify({ roothash: made.root, hashoffset: made.hashOffset }));
    const proof = { blobs: [], certificateFiles: [`${folder}/signer.pem`] };
    await t.rejects(openImage({ image: path, proof }), { code: 'ENOENT' }, 'no signature');

    writeFileSync(`${folder}/root.txt`, made.root);
    const sign = (name: string): void =>
      openssl(
        ...['smime', '-sign', '-binary', '-noattr', '-in', 'root.txt', '-inkey', `${name}.key`],
        ...['-signer', `${name}.pem`, '-outform', 'der', '-out', `${path}.sig`],
      );
    sign('stranger');
    await t.rejects(openImage({ image: path, proof }), { code: 'signature-untrusted' });
    sign('signer');
    const opened = await openImage({ image: path, proof });
    t.match(opened.proofs, [{ kind: 'dm-verity', trust: 'signed', by: /CN=signer/ }]);
    t.strictSame(await manifestOf(opened), expectedManifest(fixture(NAME)));
    opened.close();

    writeFileSync(
      `${path}.dmverity`,
      JSON.stringify({ roothash: made.root.replace(/^./, 'f'), hashoffset: 0 }),
    );
    await t.rejects(
      openImage({ image: path, proof }),
      { code: 'signature-mismatch' },
      'signed for another root',
    );
  },
);
