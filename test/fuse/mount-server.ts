/**
 * A program that serves one mount: argv holds a MountRequest as JSON; each line of stdin is a command, each line of
 * stdout an event as JSON. It runs on its own because whoever tests a mount must not be the one who serves it.
 */
import { createInterface } from 'node:readline';
import { devFuse } from '../../src/fuse/dev-fuse.js';
import type { MountRequest } from '../../src/fuse/transport.js';
import { openLog } from '../../src/log/log.js';

export interface ServerEvent {
  readonly event: 'mounted' | 'unmounted' | 'ended' | 'failed';
  readonly code?: string;
  readonly message?: string;
}

function say(event: ServerEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function fail(error: unknown): void {
  const { code, message } = error as NodeJS.ErrnoException;
  say({ event: 'failed', message, ...(code !== undefined && { code }) });
}

const request = JSON.parse(process.argv[2]!) as MountRequest;
try {
  const live = await devFuse.mount(request, openLog(2));
  say({ event: 'mounted' });
  const commands = createInterface(process.stdin);
  commands.on('line', (command) => {
    live
      .unmount({ evenIfBusy: command === 'unmount even if busy' })
      .then(() => say({ event: 'unmounted' }), fail);
  });
  await live.ended;
  say({ event: 'ended' });
  commands.close();
  process.stdin.destroy();
} catch (error) {
  fail(error);
}
