/** What `erofs cache verify` does; exit status 1 where anything was damaged. */
import { type ChunkCheck, checkBlob, type KeptBlob } from '../cache/cache-contents.js';
import type { CacheArguments } from './cache.js';
import { chosenBlobs } from './cache-choice.js';
import { EXIT_FAILED } from './failure.js';
import { byteString, Output } from './output.js';
import { openProgress } from './progress.js';
import { quoteName } from './quote.js';

interface CheckedChunks {
  readonly blob: KeptBlob;
  readonly done: number;
  readonly total: number;
}

/** Rejects with NotKeptError, CacheError, the system's error, OutputError. */
export async function verifyCache(
  words: readonly string[],
  { cacheDir, json, quiet }: CacheArguments,
  output = new Output(process.stdout),
): Promise<void> {
  const progress = await openProgress('checking', quiet, ({ blob, done, total }: CheckedChunks) => ({
    done,
    total,
    text: `chunks of ${quoteName(Buffer.from(blob.name))}`,
  }));
  const checked: (ChunkCheck & { key: string; name: string })[] = [];
  for (const blob of chosenBlobs(cacheDir, words)) {
    const check = checkBlob(blob.folder, (done, total) => progress.show({ blob, done, total }));
    if (check === undefined) continue;
    checked.push({ key: blob.key, name: blob.name, intact: check.intact, damaged: check.damaged });
    if (!json && (!quiet || check.damaged > 0)) await output.line(byteString(checkLine(blob, check)));
  }
  progress.clear();
  const damaged = checked.reduce((sum, check) => sum + check.damaged, 0);
  if (json) await output.line(byteString(JSON.stringify({ clean: damaged === 0, damaged, blobs: checked })));
  await output.flush();
  if (damaged > 0) process.exitCode = EXIT_FAILED;
}

function checkLine({ name }: KeptBlob, { intact, damaged }: ChunkCheck): string {
  const verdict =
    damaged === 0
      ? `${intact} chunks, all intact`
      : `${damaged} of ${intact + damaged} chunks were damaged; they are fetched again when they are wanted`;
  return `${quoteName(Buffer.from(name))}: ${verdict}`;
}
