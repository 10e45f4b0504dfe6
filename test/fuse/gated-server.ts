/**
 * A program that serves one mount whose image is behind a gate: argv holds a MountRequest as JSON, and the program of its
 * pumps. The gate is open until it is shut. Each line of stdin is a command, each line of stdout an event as JSON; "asked" tells that a request to
 * the other side waits at the gate.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { deviceTransport } from '../../src/fuse/dev-fuse.js';
import type { MountRequest } from '../../src/fuse/transport.js';
import { openLog } from '../../src/log/log.js';
import { GatedBlob } from '../support/gated-blob.js';
import { openKept } from './gated-image.js';

function say(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

const request = JSON.parse(process.argv[2]!) as MountRequest;
const blob = new GatedBlob(readFileSync(request.spec.image));
blob.open = true;
blob.onAsked = ({ offset }) => say({ event: 'asked', offset });

const transport = deviceTransport({
  pumpProgram: new URL(process.argv[3]!, import.meta.url),
  openToWait: (spec, report) => openKept(spec.image, blob, report),
});
const live = await transport.mount(request, openLog(2));
const commands = createInterface(process.stdin);
commands.on('line', (command) => {
  if (command === 'shut') {
    blob.open = false;
    say({ event: 'shut' });
  } else if (command === 'release') {
    blob.release();
  } else {
    live.unmount({ evenIfBusy: command === 'unmount even if busy' }).then(
      () => say({ event: 'unmounted' }),
      ({ code }) => say({ event: 'failed', code }),
    );
  }
});
// whoever tests it has gone, perhaps by force
commands.on('close', () => live.unmount({ evenIfBusy: true }));
say({ event: 'mounted' });
await live.ended;
say({ event: 'ended' });
commands.close();
process.stdin.destroy();
