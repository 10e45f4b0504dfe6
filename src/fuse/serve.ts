/** A mount's life in the process that serves it: carried up, kept until it is ended by whatever hand. */
import type { Log } from '../log/log-events.js';
import { shownName } from '../open.js';
import { exitNow } from '../system/libc.js';
import { limitCompiling } from './compile-limits.js';
import { limitHeaps } from './heap-limits.js';
import { mountAt } from './mountinfo.js';
import { reopenLogOnHangup, STANDARD } from './reopen-log.js';
import { MountControl } from './serve-control.js';
import { tellReady, tellStopping } from './service-state.js';
import type { LiveMount, MountRequest, Transport, TransportName } from './transport.js';

async function loadTransport(name: TransportName): Promise<Transport> {
  if (name === 'fuse-native') return (await import('./fuse-native.js')).fuseNative;
  return (await import('./dev-fuse.js')).devFuse;
}

interface Surroundings {
  readonly ready: (live: LiveMount) => Promise<void>;
  readonly logDescriptors: readonly number[];
}

/**
 * Mounts, calls `ready`, and settles when the mount has ended. SIGINT and SIGTERM unmount, whoever is using the
 * mount; so does a rejection of `ready`, which is then thrown on. Rejects with what the transport's mount() throws.
 */
export async function serve(
  request: MountRequest,
  log: Log,
  ready: (live: LiveMount) => Promise<void>,
  logDescriptors: readonly number[] = STANDARD,
): Promise<void> {
  const control = new MountControl(request, log);
  try {
    await serveUnder(control, request, log, { ready, logDescriptors });
  } finally {
    control.close();
  }
}

async function serveUnder(
  control: MountControl,
  request: MountRequest,
  log: Log,
  { ready, logDescriptors }: Surroundings,
): Promise<void> {
  const image = shownName(request.spec);
  process.title = `erofs ${image} ${request.mountpoint}`;
  let live: LiveMount | undefined;
  let mountId: number | undefined;
  let stopping = false;
  const stop = (reason: string) => {
    log.info({ event: 'unmounting', reason }, 'unmounting');
    stopping = true;
    tellStopping(log);
    live?.unmount({ evenIfBusy: true }).catch((error) => {
      log.error({ event: 'unmount-failed', err: error }, 'unmounting failed');
      if (mountAt(request.mountpoint)?.id === mountId) return;
      control.close();
      endWithUsers(log);
    });
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  reopenLogOnHangup({ path: request.background?.logFile, descriptors: logDescriptors }, log);
  process.on('uncaughtException', (error) => {
    log.fatal({ event: 'defect', err: error }, 'a defect of erofs; please report it');
    process.exitCode = 1;
    stop('uncaught exception');
  });

  limitHeaps();
  limitCompiling();
  await control.tellMetrics();
  const transport = await loadTransport(request.transport);
  live = await transport.mount(request, log);
  control.attach(live);
  mountId = mountAt(request.mountpoint)?.id;
  const { mountpoint, transport: way } = request;
  log.info({ event: 'mounted', image, mountpoint, transport: way }, 'mounted');
  try {
    if (stopping) await live.unmount({ evenIfBusy: true });
    else await ready(live);
    tellReady(`serving ${image} on ${request.mountpoint}`, log);
    void control.listen();
  } catch (error) {
    await live.unmount({ evenIfBusy: true });
    await live.ended;
    throw error;
  }
  await live.ended;
  log.info({ event: 'ended' }, 'ended');
  if (live.hasStuck === true) exitNow(0);
}

/**
 * The mount is out of sight, and somebody in it holds on. Where the connection may not be ended (a plain user on
 * a system without fusectl), the end of this process ends it. Nothing weaker does while threads serve it.
 */
function endWithUsers(log: Log): void {
  log.warn({ event: 'ended-under-users' }, 'still in use: ended under its users');
  exitNow(0);
}
