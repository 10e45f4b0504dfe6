/**
 * The Nth read of a file fails, for every N that opening an image and asking for some of everything has: each answer is right
 * or an error with a code, what is asked again afterwards is right, and no descriptor stays open.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { openFileSource } from '../../src/cache/file-source.js';
import { VerifiedSource } from '../../src/cache/verified-source.js';
import { type OpenedImage, openSources } from '../../src/open.js';
import { dmVerityTree } from '../../src/verity/dm-verity.js';
import { Verifier } from '../../src/verity/verifier.js';
import { made } from '../cache/verified.js';
import { fixture } from '../support/fixture.js';
import { openFixture } from '../support/opened.js';
import { Scratch } from '../support/scratch.js';
import { failNoRead, failReadAt, openDescriptors } from './failing-reads.js';
import { type Question, questionsOf } from './questions.js';

const scratch = new Scratch(t);

/** Every layout and every codec; devices; metadata that is compressed. */
const NAMES = [
  'plain',
  'lz4',
  'lzma',
  'deflate',
  'zstd',
  'lz4-fragments',
  'chunk16k-b512',
  '48bit-lz4',
  'blobdev',
  'metabox-lz4',
];

const ways: Record<string, () => Promise<OpenedImage>> = {
  ...Object.fromEntries(NAMES.map((name) => [name, () => openFixture(fixture(name))])),
  'plain, verified': openVerified(),
};

for (const [name, open] of Object.entries(ways)) {
  t.test(name, async (t) => {
    const first = await open();
    const questions = await questionsOf(first);
    const right = questions.map(({ ask }) => ask(first.tree));
    first.close();
    const descriptors = openDescriptors();
    let errors = 0;
    const wrong: string[] = [];
    /** undefined where an error came, which has a code */
    const answer = ({ about, ask }: Question, { tree }: OpenedImage): string | undefined => {
      try {
        return ask(tree);
      } catch (error) {
        errors++;
        const { code } = error as { code?: unknown };
        if (typeof code !== 'string') wrong.push(`${about}: ${(error as Error).stack}`);
        return undefined;
      }
    };
    let nth = 1;
    for (let hasFailed = true; hasFailed; nth++) {
      failReadAt(nth);
      let opened: OpenedImage | undefined;
      try {
        opened = await open();
        for (const [i, question] of questions.entries()) {
          const said = answer(question, opened);
          if (said !== undefined && said !== right[i]) wrong.push(`read ${nth}: ${question.about}`);
        }
      } catch (error) {
        errors++;
        if ((error as { code?: unknown }).code !== 'EIO') wrong.push(`read ${nth}: opening: ${error}`);
      }
      hasFailed = failNoRead();
      for (const [i, { about, ask }] of opened === undefined ? [] : questions.entries()) {
        if (ask(opened!.tree) !== right[i]) wrong.push(`behind read ${nth}: ${about}`);
      }
      opened?.close();
      if (openDescriptors() !== descriptors) wrong.push(`read ${nth}: a descriptor stays open`);
      if (wrong.length > 10) break;
    }
    t.strictSame(wrong, []);
    t.ok(errors >= nth - 2, `${errors} errors of ${nth - 2} reads that failed`);
    t.ok(nth > 5, `${nth - 2} reads`);
  });
}

/** The fixture `plain` under a tree of its own, both files. */
function openVerified(): () => Promise<OpenedImage> {
  const { image } = fixture('plain');
  const bytes = new Uint8Array(readFileSync(image));
  const tree = dmVerityTree({
    hashType: 1,
    algorithm: 'sha256',
    dataBlockSize: 4096,
    hashBlockSize: 4096,
    dataBlocks: bytes.length / 4096,
    salt: new Uint8Array(),
  });
  const { root, nodes } = made(tree, bytes);
  const hashFile = scratch.file('plain.hashes');
  writeFileSync(hashFile, nodes);
  return async () => {
    const verifier = new Verifier(tree, root);
    const data = openFileSource(image);
    const hashes = openFileSource(hashFile);
    const source = new VerifiedSource({ data, hashes, treeStart: 0, verifier });
    try {
      return await openSources([source], {});
    } catch (error) {
      source.close();
      throw error;
    }
  };
}
