/**
 * Transport `dev-fuse`: the kernel's protocol over /dev/fuse itself, served by worker threads (Linux).
 *
 * LAW: this thread never touches the mounted file system and never ends the process while pumps are blocked. It answers the
 * requests that have to wait for bytes, which no pump does.
 */
import { closeSync } from 'node:fs';
import type { Log } from '../log/log-events.js';
import { programUrl } from '../programs.js';
import { openDeviceMount } from './dev-fuse-open.js';
import { endMount, findMount, raiseReadAhead } from './device-mount.js';
import { DeviceServers, type DeviceTransportParts } from './device-servers.js';
import { openToWait } from './image-opening.js';
import type { Connection, LiveMount, MountRequest, Transport } from './transport.js';

/** What an image is served with. */
export const DEVICE_PARTS: DeviceTransportParts = {
  pumpProgram: programUrl('dev-fuse-pump-thread'),
  openToWait,
};

export const devFuse: Transport = deviceTransport(DEVICE_PARTS);

export function deviceTransport(parts: DeviceTransportParts): Transport {
  return {
    async mount(request: MountRequest, log: Log): Promise<LiveMount> {
      const servers = await DeviceServers.prepare(request, parts, log);
      return serveMount(servers, await connect(request, servers), log);
    },
  };
}

async function connect({ mountpoint, options }: MountRequest, servers: DeviceServers): Promise<Connection> {
  let descriptor: number | undefined;
  try {
    descriptor = await openDeviceMount(mountpoint, options);
    return { descriptor, entry: findMount(mountpoint), isInitialised: false, refuseResent: false };
  } catch (error) {
    servers.dismiss();
    if (descriptor !== undefined) closeSync(descriptor);
    throw error;
  }
}

async function serveMount(servers: DeviceServers, connection: Connection, log: Log): Promise<LiveMount> {
  const { entry } = connection;
  const { begun, ended } = servers.serve(connection);
  const mount: LiveMount = {
    ended,
    unmount: ({ evenIfBusy }) => endMount(entry, { evenIfBusy, ended, log }),
    get state() {
      return servers.state;
    },
    get hasStuck() {
      return servers.hasStuck;
    },
  };
  try {
    await begun;
  } catch (error) {
    await mount.unmount({ evenIfBusy: true });
    throw error;
  }
  raiseReadAhead(entry, log);
  void servers.noteXattrs();
  void servers.failure.then((error) => {
    log.fatal(
      { event: 'serving-failed', err: error },
      'too many serving threads ended; the mount ends with them',
    );
    mount
      .unmount({ evenIfBusy: true })
      .catch((failure) => log.error({ event: 'unmount-failed', err: failure }, 'unmounting failed'));
  });
  return mount;
}
