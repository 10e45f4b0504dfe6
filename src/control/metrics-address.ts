/** The address of --metrics. */

export interface MetricsAddress {
  readonly host: string;
  /** 0: one that is free */
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';
const HIGHEST_PORT = 65_535;

/** "9100", "localhost:9100", "[::1]:9100": a port alone is one of the loopback address. undefined for what is none. */
export function parseMetricsAddress(text: string): MetricsAddress | undefined {
  const [, ipv6, name, digits] = /^(?:\[([0-9a-fA-F:.]+)\]:|([^:[\]\s/]+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > HIGHEST_PORT) return undefined;
  return { host: ipv6 ?? name ?? LOOPBACK, port };
}

export const addressText = ({ host, port }: MetricsAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
