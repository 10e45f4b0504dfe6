/**
 * Transports and their queues, shared by all blobs that are read with the same certificates: the layers of an image come over the same
 * few connections, and no host gets more requests at once because an image has many.
 */
import type { CertificateOptions, HttpLimits } from './http-options.js';
import { HttpTransport } from './http-transport.js';
import { RequestQueue } from './request-queue.js';

export interface SharedTransport {
  readonly transport: HttpTransport;
  readonly queue: RequestQueue;
  /** To be called once; the last one ends what still runs. */
  release(): Promise<void>;
}

interface Shared {
  readonly transport: HttpTransport;
  readonly queue: RequestQueue;
  users: number;
}

const shared = new Map<string, Shared>();

/** Throws as HttpTransport's constructor. */
export function borrowTransport(certificates: CertificateOptions, limits: HttpLimits): SharedTransport {
  const key = keyOf(certificates, limits);
  const found = shared.get(key) ?? makeShared(certificates, limits);
  shared.set(key, found);
  found.users += 1;
  const release = async () => {
    found.users -= 1;
    if (found.users > 0) return;
    shared.delete(key);
    await found.transport.close();
  };
  return { transport: found.transport, queue: found.queue, release };
}

function makeShared(certificates: CertificateOptions, limits: HttpLimits): Shared {
  const transport = new HttpTransport(certificates, limits);
  const queue = new RequestQueue((origin) => transport.hostLimit(origin));
  return { transport, queue, users: 0 };
}

/** All that the two are made of: names of files, whose content may change, are read when the first one borrows. */
function keyOf(certificates: CertificateOptions, limits: HttpLimits): string {
  const { caFile, clientCertificateFile, clientKeyFile, furtherCaFiles, clientPairs, unverifiedHost } =
    certificates;
  const { stall, connections, streams } = limits;
  return JSON.stringify([
    [caFile, clientCertificateFile, clientKeyFile, furtherCaFiles, clientPairs, unverifiedHost],
    [stall, connections, streams],
  ]);
}
