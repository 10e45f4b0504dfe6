import type { Argv, CommandModule } from 'yargs';
import { UsageError } from './failure.js';

interface StatsArguments {
  readonly dir?: string;
  readonly interval?: number;
  readonly json: boolean;
}

export const command: CommandModule<object, StatsArguments> = {
  command: 'stats [dir]',
  describe: 'Show what a mount does: requests and what they take, caches, the network',
  builder: (yargs): Argv<StatsArguments> =>
    yargs
      .positional('dir', {
        type: 'string',
        describe: 'a mountpoint; without it, all mounts of yours, for root of all',
      })
      .option('interval', {
        alias: 'i',
        type: 'number',
        requiresArg: true,
        describe: 'SECONDS: go on, with a line for each so many seconds, until the mount ends',
      })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'JSON, an object a mount or interval and line',
      }) as unknown as Argv<StatsArguments>,
  handler: run,
};

async function run({ dir, interval, json }: StatsArguments): Promise<void> {
  if (interval !== undefined && !(interval > 0)) {
    throw new UsageError('--interval: expected a number of seconds above 0');
  }
  const { showOnce, watch } = await import('./show-stats.js');
  if (interval === undefined) await showOnce(dir, json);
  else await watch(dir, interval * 1000, json);
}
