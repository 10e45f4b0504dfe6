/** The daemon: the program that daemon-launch.ts starts, and the other side of what is told there. */
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { openLog } from '../log/log.js';
import type { Log } from '../log/log-events.js';
import { DAEMON_SOCKET, type DaemonReply, KEEP } from './daemon-messages.js';
import type { MountErrorCode, MountRequest } from './transport.js';

const STDERR = 2;

process.umask(0o022);
const command = new Socket({ fd: DAEMON_SOCKET, readable: true, writable: true });
// A command that is killed breaks the socket: then no line follows, which says enough.
command.on('error', () => {});
const lines = createInterface(command)[Symbol.asyncIterator]();
void run().then(() => command.end());

async function run(): Promise<void> {
  let log: Log | undefined;
  try {
    log = openLog(STDERR);
    const line = await nextLine();
    if (line === undefined) throw new Error('the command ended before it said what to mount');
    const request = JSON.parse(line) as MountRequest;
    log = openLog(STDERR, request.logFormat);
    // A supervisor loads nothing of what serves.
    const carry = request.supervise
      ? (await import('./supervise.js')).supervise
      : (await import('./serve.js')).serve;
    await carry(request, log, async () => {
      reply({ ready: true });
      if ((await nextLine()) !== KEEP) throw new Error('the command did not keep the mount');
      command.destroy();
    });
  } catch (error) {
    log?.error({ event: 'not-mounted', err: error }, 'not mounted');
    const { code = 'mount-failed', message } = error as NodeJS.ErrnoException;
    reply({ error: { code: code as MountErrorCode, message } });
    process.exitCode = 1;
  }
}

/** undefined where the command has closed its end. */
async function nextLine(): Promise<string | undefined> {
  const { done, value } = await lines.next();
  return done === true ? undefined : value;
}

function reply(message: DaemonReply): void {
  if (!command.destroyed) command.write(`${JSON.stringify(message)}\n`);
}
