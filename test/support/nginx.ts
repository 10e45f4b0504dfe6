/**
 * A real nginx (Debian: nginx-light) that serves one folder on free loopback ports: HTTP/1.1 in the clear; HTTP/2 and 1.1
 * over TLS; TLS that wants a client certificate. Its configuration, logs and process are its own, and end with the test.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import type { Ending, Scratch } from './scratch.js';
import { until } from './until.js';

export interface NginxOptions {
  /** for the TLS ports; without it there are none */
  readonly tls?: {
    readonly serverKeyFile: string;
    readonly serverCertificateFile: string;
    /** who issued the certificates of clients */
    readonly caFile: string;
  };
  /** lines more for each server: "max_ranges 0;" makes it ignore Range */
  readonly directives?: string;
}

/** One answered request, as the access log has it. */
export interface NginxRequest {
  readonly protocol: string;
  readonly path: string;
  readonly status: number;
  /** of the body */
  readonly bytes: number;
  readonly range: string;
  /** one number each TCP connection */
  readonly connection: number;
}

const PROGRAM = '/usr/sbin/nginx';
const LOG_FORMAT = '$server_protocol\t$request_uri\t$status\t$body_bytes_sent\t$http_range\t$connection';

/** Why tests with nginx cannot run here; false where they can. For `skip` of a test. */
export const withoutNginx = (): string | false =>
  spawnSync(PROGRAM, ['-v']).status === 0 ? false : 'nginx is not installed: apt install nginx-light';

export class Nginx {
  /** what it serves; files may be added and changed */
  readonly folder: string;
  readonly #home: string;
  readonly #process: ChildProcess;
  readonly #ports: readonly number[];

  private constructor(folder: string, home: string, process: ChildProcess, ports: readonly number[]) {
    this.folder = folder;
    this.#home = home;
    this.#process = process;
    this.#ports = ports;
  }

  static async start(
    t: Pick<Ending, 'teardown'>,
    scratch: Scratch,
    options: NginxOptions = {},
  ): Promise<Nginx> {
    const [folder, home] = [scratch.folder('self', 'served'), scratch.folder('self', 'nginx')];
    const ports = [await freePort(), await freePort(), await freePort()];
    const file = join(home, 'nginx.conf');
    writeFileSync(file, configuration(folder, home, ports, options));
    const child = spawn(PROGRAM, ['-p', home, '-c', file, '-e', join(home, 'error.log')], {
      stdio: 'inherit',
    });
    const nginx = new Nginx(folder, home, child, ports);
    t.teardown(() => nginx.stop());
    const isUp = async () => (await fetch(nginx.url('up')).catch(() => undefined))?.status === 404;
    if (!(await until(isUp))) throw new Error(`nginx did not start: ${nginx.#read('error.log')}`);
    return nginx;
  }

  /** In the clear, HTTP/1.1. */
  url(path: string): string {
    return `http://127.0.0.1:${this.#ports[0]}/${path}`;
  }

  /** HTTP/2, or HTTP/1.1 for who cannot. */
  tlsUrl(path: string): string {
    return `https://localhost:${this.#ports[1]}/${path}`;
  }

  /** Only for who shows a certificate. */
  clientUrl(path: string): string {
    return `https://localhost:${this.#ports[2]}/${path}`;
  }

  /** The requests for a path so far; a request is logged when its answer has been sent. */
  requests(path: string): NginxRequest[] {
    return this.#read('access.log')
      .split('\n')
      .map(parseLine)
      .filter((request) => request.path.split('?')[0] === `/${path}`);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await ended;
  }

  #read(name: string): string {
    return readFileSync(join(this.#home, name), 'utf8');
  }
}

function configuration(
  folder: string,
  home: string,
  [plain, tls, client]: readonly number[],
  options: NginxOptions,
): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${home}/${kind};`,
  );
  const server = (...lines: string[]) => `server { ${lines.join(' ')} ${options.directives ?? ''} }`;
  const servers = [server(`listen 127.0.0.1:${plain};`)];
  if (options.tls !== undefined) {
    const { serverCertificateFile, serverKeyFile, caFile } = options.tls;
    const certificate = `ssl_certificate ${serverCertificateFile}; ssl_certificate_key ${serverKeyFile};`;
    servers.push(
      server(`listen 127.0.0.1:${tls} ssl http2;`, certificate),
      server(
        `listen 127.0.0.1:${client} ssl;`,
        certificate,
        `ssl_client_certificate ${caFile}; ssl_verify_client on;`,
      ),
    );
  }
  return `daemon off; master_process off; pid ${home}/nginx.pid; error_log ${home}/error.log;
events { worker_connections 512; }
http {
  log_format test "${LOG_FORMAT}";
  access_log ${home}/access.log test;
  ${temporary.join(' ')}
  root ${folder};
  ${servers.join('\n  ')}
}
`;
}

function parseLine(line: string): NginxRequest {
  const [protocol = '', path = '', status, bytes, range = '', connection] = line.split('\t');
  return {
    protocol,
    path,
    status: Number(status),
    bytes: Number(bytes),
    range,
    connection: Number(connection),
  };
}
