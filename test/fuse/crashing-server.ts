/** A program that serves one mount with pumps that can be ended: argv holds a MountRequest as JSON; a line of stdin unmounts. */
import { createInterface } from 'node:readline';
import { deviceTransport } from '../../src/fuse/dev-fuse.js';
import type { MountRequest } from '../../src/fuse/transport.js';
import { openLog } from '../../src/log/log.js';
import { exitNow } from '../../src/system/libc.js';

const transport = deviceTransport({
  pumpProgram: new URL('./crashing-pump-thread.js', import.meta.url),
  openToWait: () => undefined,
});
const live = await transport.mount(JSON.parse(process.argv[2]!) as MountRequest, openLog(2));
process.stdout.write(`${JSON.stringify({ event: 'mounted' })}\n`);
const commands = createInterface(process.stdin);
commands.on('line', () => void live.unmount({ evenIfBusy: true }));
commands.on('close', () => void live.unmount({ evenIfBusy: true }));
await live.ended;
process.stdout.write(`${JSON.stringify({ event: 'ended' })}\n`);
if (live.hasStuck === true) exitNow(0);
commands.close();
process.stdin.destroy();
