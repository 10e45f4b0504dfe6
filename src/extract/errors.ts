/** Why something was not extracted; whoever reports it puts the path before. */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/**
 * - `bad-name`        a name that no file may have, or that would lead out of its directory
 * - `name-exists`     the name stands in the target directory already
 * - `target-occupied` DIR is not empty, or no directory
 * - `replaced`        something changed the target while it was being written
 * - `file-too-large`  beyond what the user allows a file
 * - `limit-reached`   beyond what the user allows an extraction
 * - `cut-off`         an archive that ends within a file, since the rest of the file cannot be read
 * - the errno's name, such as ENOSPC, where the target's file system refuses
 */
export class ExtractError extends Error {
  override readonly name = 'ExtractError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A refusal of the target's file system: what was being done, and the system's word, without internal paths. */
export function targetError(doing: string, cause: unknown): ExtractError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const number = code === undefined ? undefined : constants.errno[code as keyof typeof constants.errno];
  const meaning = number === undefined ? undefined : getSystemErrorMap().get(-number)?.[1];
  const said = meaning === undefined ? message : `${meaning} (${code})`;
  return new ExtractError(code ?? 'refused', `${doing}: ${said}`, { cause });
}

/** What the next file would meet as well. */
const ENDS_ALL = new Set(['limit-reached', 'ENOSPC', 'EDQUOT', 'EROFS']);

/** Whether an extraction ends with this error instead of going on with the next file. */
export function endsExtraction(error: unknown): boolean {
  return error instanceof ExtractError && ENDS_ALL.has(error.code);
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
