import type { Argv, CommandModule } from 'yargs';
import { type QuietArguments, quietOption } from './quiet.js';

interface UpgradeArguments extends QuietArguments {
  readonly dir: string;
}

export const command: CommandModule<object, UpgradeArguments> = {
  command: 'upgrade <dir>',
  describe: 'Let this version serve a mount made with --supervise, while it is in use',
  builder: (yargs): Argv<UpgradeArguments> =>
    quietOption(yargs).positional('dir', {
      type: 'string',
      describe: 'the mountpoint',
      demandOption: true,
    }) as unknown as Argv<UpgradeArguments>,
  handler: run,
};

async function run({ dir, quiet }: UpgradeArguments): Promise<void> {
  const { upgradeMount } = await import('../fuse/upgrade.js');
  const line = await upgradeMount(dir);
  if (!quiet) console.log(line);
}
