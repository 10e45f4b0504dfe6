/** The option --quiet, of every command that says more than it is asked for. */
import type { Argv } from 'yargs';

export interface QuietArguments {
  readonly quiet: boolean;
}

/** Errors stay, and so does what was left out. `describe` is for commands of which more falls silent. */
export function quietOption<T>(
  parser: Argv<T>,
  describe = 'no progress, and no lines that are only to know; errors stay',
): Argv<T & QuietArguments> {
  return parser.option('quiet', { alias: 'q', type: 'boolean', default: false, describe }) as unknown as Argv<
    T & QuietArguments
  >;
}
