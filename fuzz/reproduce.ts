/** One input again, without what a run adds to it. */
import { FuzzError } from './errors.js';
import { Executor, type Finding } from './execution.js';
import { parseInput } from './input.js';
import { targetNamed } from './targets/all.js';

/**
 * undefined where no rule is broken; `refused` is told of the errors that damage may cause. Throws FuzzError 'usage' where there
 * is no such target or base.
 */
export async function reproduce(
  text: string,
  refused: (error: unknown) => void = () => {},
): Promise<Finding | undefined> {
  const { target: name, base: baseName, edits } = parseInput(text);
  const named = targetNamed(name);
  const allows = (error: unknown): boolean => {
    refused(error);
    return named.allows(error);
  };
  const target = { ...named, allows };
  const base = (await target.bases(baseName)).find(({ name }) => name === baseName);
  if (base === undefined) throw new FuzzError('usage', `the target ${name} has no base ${baseName}`);
  return new Executor(target).run(base, edits);
}
