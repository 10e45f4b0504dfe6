/** A server that wants to know who asks, and asks of it as the client does: with an Authority, again while that says so. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { type RegistryHost, registryHosts } from '../../src/registry/hosts.js';
import type { Authority } from '../../src/remote/authority.js';

export interface Refusal {
  readonly status: number;
  readonly challenges: readonly string[];
}

export class GuardedServer {
  /** values of Authorization, in the order of the requests */
  readonly seen: (string | undefined)[] = [];
  /** undefined where it lets the request through */
  refuse: (authorization: string | undefined) => Refusal | undefined;
  #port = 0;

  private constructor(refuse: GuardedServer['refuse']) {
    this.refuse = refuse;
  }

  static async start(t: Test, refuse: GuardedServer['refuse']): Promise<GuardedServer> {
    const guarded = new GuardedServer(refuse);
    const server = createServer((request, response) => {
      const { authorization } = request.headers;
      guarded.seen.push(authorization);
      const refusal = guarded.refuse(authorization);
      if (refusal === undefined) response.end('ok');
      else response.writeHead(refusal.status, { 'www-authenticate': [...refusal.challenges] }).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    guarded.#port = (server.address() as AddressInfo).port;
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
    });
    return guarded;
  }

  get registry(): string {
    return `localhost:${this.#port}`;
  }

  get host(): RegistryHost {
    return registryHosts(this.registry, { hostsDirectories: [] })[0]!;
  }

  /** The status at the end. */
  async ask(authority: Authority, signal: AbortSignal = new AbortController().signal): Promise<number> {
    for (let refusals = 0; ; refusals++) {
      const fields = await authority.fields(signal);
      const response = await fetch(this.host.base, { headers: fields });
      await response.arrayBuffer();
      const challenge = response.headers.get('www-authenticate');
      const again =
        !response.ok &&
        refusals < 3 &&
        (await authority.refused(fields, response.status, challenge === null ? [] : [challenge], signal));
      if (!again) return response.status;
    }
  }
}
