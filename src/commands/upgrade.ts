import type { Argv, CommandModule } from 'yargs';

interface UpgradeArguments {
  readonly dir: string;
}

export const command: CommandModule<object, UpgradeArguments> = {
  command: 'upgrade <dir>',
  describe: 'Let this version serve a mount made with --supervise, while it is in use',
  builder: (yargs): Argv<UpgradeArguments> =>
    yargs.positional('dir', {
      type: 'string',
      describe: 'the mountpoint',
      demandOption: true,
    }) as unknown as Argv<UpgradeArguments>,
  handler: run,
};

async function run({ dir }: UpgradeArguments): Promise<void> {
  const { upgradeMount } = await import('../fuse/upgrade.js');
  console.log(await upgradeMount(dir));
}
