/** `erofs extract --tar`: the archive goes to standard output, or to a file that has its name when it is whole. */
import type { Tally } from '../extract/tally.js';
import { writeTar } from '../extract/tar-writer.js';
import type { OpenedImage } from '../open.js';
import { WholeFile } from '../system/atomic-file.js';
import { Output } from './output.js';
import type { Problems } from './problems.js';
import type { Entry } from './walk.js';

export const STANDARD_OUTPUT = '-';

/** `file` is a path, or "-". Rejects as writeTar does, and with the system's error; no file is left then. */
export async function archiveImage(
  opened: OpenedImage,
  start: Entry,
  file: string,
  problems: Problems,
  progress: (tally: Tally) => void,
): Promise<Tally> {
  const problem = (path: Uint8Array, error: unknown) => problems.at(path, error);
  if (file === STANDARD_OUTPUT) return writeTar(opened, start, new Output(process.stdout), problem, progress);
  const archive = new WholeFile(file, 0o666);
  try {
    const tally = await writeTar(opened, start, new Output(archive.stream, file), problem, progress);
    await archive.keep();
    return tally;
  } catch (error) {
    archive.discard();
    throw error;
  }
}
