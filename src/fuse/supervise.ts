/**
 * The other way to serve a mount: by processes of which another one takes the place when one dies. See supervision.ts.
 *
 * LAW: this file and what it imports open no image: the supervisor has nothing that could fail, and is small.
 */
import { closeSync } from 'node:fs';
import type { Log } from '../log/log-events.js';
import { hearOrders } from './control-socket.js';
import { openDeviceMount } from './dev-fuse-open.js';
import { findMount } from './device-mount.js';
import { reopenLogOnHangup, STANDARD } from './reopen-log.js';
import { tellReady, tellStopping } from './service-state.js';
import { Supervision } from './supervision.js';
import type { MountRequest } from './transport.js';

/** Statistics and debugging are of the process that serves; this one would end of the second, and open Node's debugger of the first. */
const FOR_SERVING = ['SIGUSR1', 'SIGUSR2'] as const;

/** As serve(): mounts, calls `ready`, and settles when the mount has ended. SIGINT and SIGTERM unmount. */
export async function supervise(
  request: MountRequest,
  log: Log,
  ready: () => Promise<void>,
  logDescriptors: readonly number[] = STANDARD,
): Promise<void> {
  const { mountpoint, options } = request;
  process.title = `erofs supervisor ${mountpoint}`;
  let supervision: Supervision | undefined;
  let stopping = false;
  const stop = (reason: string) => {
    log.info({ event: 'unmounting', reason }, 'unmounting');
    stopping = true;
    tellStopping(log);
    supervision?.stop();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);

  const descriptor = await openDeviceMount(mountpoint, options);
  try {
    const entry = findMount(mountpoint);
    supervision = new Supervision(
      { request, logDescriptor: logDescriptors.at(-1)! },
      { descriptor, entry, isInitialised: false, refuseResent: false },
      log,
    );
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  const place = { path: request.background?.logFile, descriptors: logDescriptors };
  reopenLogOnHangup(place, log, () => supervision?.signal('SIGHUP'));
  for (const signal of FOR_SERVING) process.on(signal, () => supervision?.signalServing(signal));
  await supervision.begin();
  const closeOrders = await hearUpgrades(supervision, log);
  log.info({ event: 'mounted', mountpoint }, 'mounted, under supervision');
  try {
    if (stopping) supervision.stop();
    else await ready();
    tellReady(`supervising the mount on ${mountpoint}`, log);
  } catch (error) {
    supervision.stop();
    await supervision.ended;
    closeOrders();
    throw error;
  }
  await supervision.ended;
  closeOrders();
  log.info({ event: 'ended' }, 'ended');
}

/** Resolves with how it ends. A mount that cannot be upgraded is served all the same. */
async function hearUpgrades(supervision: Supervision, log: Log): Promise<() => void> {
  try {
    const server = await hearOrders((program) => supervision.upgrade(program));
    return () => server.close();
  } catch (error) {
    const reason = (error as Error).message;
    log.warn(
      { event: 'orders-not-heard', reason },
      'no orders are heard: this mount cannot be upgraded while it is mounted',
    );
    return () => {};
  }
}
