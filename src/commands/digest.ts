/** `erofs digest`: what `fsverity digest` prints, without the kernel's or the file system's help. */
import type { Argv, CommandModule } from 'yargs';
import { UsageError } from './failure.js';
import { type QuietArguments, quietOption } from './quiet.js';

interface DigestArguments extends QuietArguments {
  readonly file: string[];
  readonly algorithm: 'sha256' | 'sha512';
  readonly blockSize: number;
  readonly salt: string;
  readonly compact: boolean;
  readonly hashBackend: 'auto' | 'node' | 'noble';
}

export const command: CommandModule<object, DigestArguments> = {
  command: 'digest <file..>',
  describe: "Print files' fs-verity digests, as --fsverity-digest takes them",
  builder: (parser): Argv<DigestArguments> =>
    quietOption(parser)
      .positional('file', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'an image, or any other file',
      })
      .option('algorithm', {
        choices: ['sha256', 'sha512'] as const,
        default: 'sha256' as const,
        describe: 'of the Merkle tree and the digest',
      })
      .option('block-size', {
        type: 'number',
        default: 4096,
        requiresArg: true,
        describe: 'BYTES: of the Merkle tree',
      })
      .option('salt', {
        type: 'string',
        default: '',
        requiresArg: true,
        describe: 'HEX: hashed before each block',
      })
      .option('compact', { type: 'boolean', default: false, describe: 'the digits alone' })
      .option('hash-backend', {
        choices: ['auto', 'node', 'noble'] as const,
        default: 'auto' as const,
        describe: 'who hashes: node:crypto, or @noble/hashes',
      })
      .example('$0 digest root.erofs', '')
      .example('$0 digest --algorithm sha512 --compact root.erofs', '') as unknown as Argv<DigestArguments>,
  handler: run,
};

async function run(given: DigestArguments): Promise<void> {
  const { openFileSource } = await import('../cache/file-source.js');
  const { fsVerityDigest } = await import('../proof/fs-verity-source.js');
  const { digestText, parseSalt } = await import('../verity/digest-text.js');
  const { byteString, Output } = await import('./output.js');
  const { openProgress } = await import('./progress.js');
  const { sizeText } = await import('./size-text.js');
  const { algorithm, blockSize } = given;
  if (!Number.isSafeInteger(blockSize)) throw new UsageError('--block-size: expected a number of bytes');
  const parameters = { algorithm, blockSize, salt: parseSalt(given.salt) };
  const output = new Output(process.stdout);
  for (const file of given.file) {
    const source = openFileSource(file);
    const { size } = source;
    let hashed = 0;
    const progress = await openProgress('hashing', given.quiet, (done: number) => ({
      done,
      total: size,
      text: `${sizeText(done)} of ${sizeText(size)}`,
    }));
    try {
      const named = await fsVerityDigest(source, parameters, given.hashBackend, (bytes) => {
        hashed += bytes;
        progress.show(hashed);
      });
      const digest = digestText(named);
      const line = given.compact ? digest.slice(digest.indexOf(':') + 1) : `${digest} ${file}`;
      await output.line(byteString(line));
    } finally {
      progress.clear();
      source.close();
    }
  }
  await output.flush();
}
