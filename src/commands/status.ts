import type { Argv, CommandModule } from 'yargs';

interface StatusArguments {
  readonly dir?: string;
  readonly json: boolean;
}

export const command: CommandModule<object, StatusArguments> = {
  command: 'status [dir]',
  describe: 'Show what is mounted, by which driver and why, how much of it is here, and what went wrong last',
  builder: (yargs): Argv<StatusArguments> =>
    yargs
      .positional('dir', {
        type: 'string',
        describe: 'a mountpoint; without it, all mounts of yours, for root of all',
      })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'JSON, an object a mount and line',
      }) as unknown as Argv<StatusArguments>,
  handler: run,
};

async function run({ dir, json }: StatusArguments): Promise<void> {
  const [{ liveMounts }, { byteString, Output }, { statusJson, statusText }] = await Promise.all([
    import('./live-mounts.js'),
    import('./output.js'),
    import('./status-text.js'),
  ]);
  const output = new Output(process.stdout);
  for (const mount of await liveMounts(dir)) {
    const lines = json ? [JSON.stringify(statusJson(mount))] : statusText(mount);
    for (const line of lines) await output.line(byteString(line));
  }
  await output.flush();
}
