import type { Argv, CommandModule } from 'yargs';
import { Problems } from './problems.js';
import { type QuietArguments, quietOption } from './quiet.js';

interface UmountArguments extends QuietArguments {
  readonly dir: string;
  readonly lazy: boolean;
  readonly force: boolean;
}

export const command: CommandModule<object, UmountArguments> = {
  command: 'umount <dir>',
  aliases: ['unmount'],
  describe: 'Unmount an image; cleans up after a server that died, too',
  builder: (yargs): Argv<UmountArguments> =>
    quietOption(yargs)
      .positional('dir', { type: 'string', describe: 'the mountpoint', demandOption: true })
      .option('lazy', {
        alias: 'l',
        type: 'boolean',
        default: false,
        describe: 'detach it now; who uses it may go on',
      })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'end it now, whoever uses it or hangs in it',
      }) as unknown as Argv<UmountArguments>,
  handler: run,
};

async function run({ dir, lazy, force, quiet }: UmountArguments): Promise<void> {
  const { unmountImage } = await import('../fuse/umount.js');
  const problems = new Problems('erofs umount', quiet);
  await unmountImage({ mountpoint: dir, lazy, force, mayLeave: true }, (line) => problems.note(line));
}
