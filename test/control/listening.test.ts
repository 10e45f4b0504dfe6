/** Asking over the socket and over a port. */
import { existsSync, lstatSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { askReads, askStatistics, askStatus } from '../../src/control/control-client.js';
import { listenForMetrics, listenOnSocket } from '../../src/control/listening.js';
import { addressText, parseMetricsAddress } from '../../src/control/metrics-address.js';
import { Scratch } from '../support/scratch.js';
import { StubMount, statistics, status } from './stub-mount.js';

const scratch = new Scratch(t);

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

function ask(where: object, method: string, path: string, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ ...where, method, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode, body: text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

async function socketOf(t: Test, mount: StubMount): Promise<string> {
  process.env.XDG_RUNTIME_DIR = scratch.folder();
  const listening = await listenOnSocket(mount);
  t.teardown(() => listening.close());
  return listening.address;
}

t.test('what may be asked over the socket', async (t) => {
  const mount = new StubMount();
  const socketPath = await socketOf(t, mount);
  t.equal(statSync(socketPath).mode & 0o777, 0o600);
  t.same(await askStatus(socketPath), status);
  t.same(await askStatistics(socketPath), statistics);
  t.same(await askReads(socketPath), [{ key: 7, cells: [1, 0, 2] }]);
  t.match(await ask({ socketPath }, 'PUT', '/log-level', '{"level":"debug"}'), { status: 200 });
  t.equal(mount.level, 'debug');
  t.match(await ask({ socketPath }, 'PUT', '/log-level', '{"level":"loud"}'), {
    status: 400,
    body: /no level loud/,
  });
  t.match(await ask({ socketPath }, 'PUT', '/log-level', 'debug'), { status: 400, body: /expected a body/ });
  t.match(await ask({ socketPath }, 'GET', '/nowhere'), { status: 404 });
  t.match(await ask({ socketPath }, 'POST', '/metrics'), { status: 405 });
});

t.test('a question without an end is not read to its end', async (t) => {
  const socketPath = await socketOf(t, new StubMount());
  const answer = await ask({ socketPath }, 'PUT', '/log-level', 'x'.repeat(100_000)).catch((error) => error);
  t.ok(answer.status === 413 || answer instanceof Error, JSON.stringify(answer));
  t.same(await askStatus(socketPath), status, 'and others are answered');
});

t.test('what is left by a process of the same number gives way; who still listens does not', async (t) => {
  process.env.XDG_RUNTIME_DIR = scratch.folder();
  const first = await listenOnSocket(new StubMount());
  const second = await listenOnSocket(new StubMount());
  t.same(
    [first, second].map(({ address }) => address.slice(process.env.XDG_RUNTIME_DIR!.length)),
    [`/erofs/${process.pid}.sock`, `/erofs/${process.pid}-2.sock`],
  );
  first.close();
  second.close();
  t.notOk(existsSync(first.address), 'removed at the end');
});

t.test('who does not listen, and who does not answer', async (t) => {
  const folder = scratch.folder();
  await t.rejects(askStatus(join(folder, 'none')), { code: 'gone' });
  const silent = createServer(() => {}).listen(join(folder, 'silent'));
  t.teardown(() => silent.close());
  await t.rejects(askStatus(join(folder, 'silent')), { code: 'no-answer' });
  const chatty = createServer((socket) => socket.end('hello\n')).listen(join(folder, 'chatty'));
  t.teardown(() => chatty.close());
  await t.rejects(askStatus(join(folder, 'chatty')), { code: 'refused' });
  t.ok(lstatSync(join(folder, 'silent')).isSocket());
});

t.test('metrics are in the format of Prometheus', async (t) => {
  const listening = await listenForMetrics(new StubMount(), { host: '127.0.0.1', port: 0 });
  t.teardown(() => listening.close());
  const { host, port } = parseMetricsAddress(listening.address)!;
  const { status, body } = await ask({ host, port }, 'GET', '/metrics');
  t.equal(status, 200);
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of body.trimEnd().split('\n')) {
    const [, name] = /^# TYPE (erofs_\w+) (?:counter|gauge|histogram)$/.exec(line) ?? [];
    if (name !== undefined) typed.add(name);
    if (line.startsWith('# ')) continue;
    const sample = /^(erofs_\w+)((?:\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)+\})?) (\S+)$/.exec(line);
    if (!t.ok(sample, line)) continue;
    t.ok(
      typed.has(sample![1]!.replace(/_(bucket|sum|count)$/, '')) || typed.has(sample![1]!),
      `${line}: typed before`,
    );
    t.notOk(samples.has(`${sample![1]}${sample![2]}`), `${line}: once`);
    samples.set(`${sample![1]}${sample![2]}`, Number(sample![3]));
  }
  t.equal(samples.get('erofs_requests_total{kind="READ"}'), 20);
  t.equal(samples.get('erofs_request_failures_total{kind="READ"}'), 1);
  t.equal(samples.get('erofs_cache_lookups_total{cache="chunk",result="miss"}'), 10);
  t.equal(samples.get('erofs_remote_kept_bytes'), 900);
  t.equal(samples.get('erofs_remote_size_bytes'), 1500);
  t.equal(samples.get('erofs_request_duration_seconds_bucket{kind="READ",le="0.000004"}'), 0);
  t.equal(samples.get('erofs_request_duration_seconds_bucket{kind="READ",le="0.000008"}'), 16);
  t.equal(samples.get('erofs_request_duration_seconds_bucket{kind="READ",le="+Inf"}'), 20);
  t.equal(samples.get('erofs_request_duration_seconds_count{kind="READ"}'), 20);
  const buckets = [...samples].filter(([name]) => name.includes('_bucket{kind="READ"'));
  t.same(
    buckets.map(([, count]) => count),
    buckets.map(([, count]) => count).sort((a, b) => a - b),
    'buckets hold those below them as well',
  );
  t.ok(
    samples.has(
      'erofs_mount_info{mountpoint="/mnt/a \\"b\\"\\\\c\\nd",image="https://host/root.erofs",driver="fuse",transport="dev-fuse"}',
    ),
  );
});

t.test('a port tells metrics and nothing else', async (t) => {
  const mount = new StubMount();
  const listening = await listenForMetrics(mount, { host: '127.0.0.1', port: 0 });
  t.teardown(() => listening.close());
  const { host, port } = parseMetricsAddress(listening.address)!;
  for (const path of ['/status', '/stats', '/reads'])
    t.match(await ask({ host, port }, 'GET', path), { status: 404 });
  t.match(await ask({ host, port }, 'PUT', '/log-level', '{"level":"debug"}'), { status: 404 });
  t.equal(mount.level, 'info');
  // more than are served at a time
  const idle = Array.from({ length: 40 }, () => connect({ host, port }).on('error', () => {}));
  for (const socket of idle) socket.destroy();
  t.match(await ask({ host, port }, 'GET', '/metrics'), { status: 200 });
});

t.test('an address that is not to be had', async (t) => {
  const mount = new StubMount();
  const taken = await listenForMetrics(mount, { host: '127.0.0.1', port: 0 });
  t.teardown(() => taken.close());
  const { port } = parseMetricsAddress(taken.address)!;
  await t.rejects(listenForMetrics(mount, { host: '127.0.0.1', port }), {
    code: 'no-socket',
    message: `--metrics 127.0.0.1:${port}: somebody else listens there; choose another port, or 0 for one that is free`,
  });
  await t.rejects(listenForMetrics(mount, { host: '192.0.2.1', port: 0 }), {
    code: 'no-socket',
    message: /this machine has no such address/,
  });
});

t.test('addresses', async (t) => {
  const loopback = { host: '127.0.0.1', port: 9100 };
  t.same(parseMetricsAddress('9100'), loopback);
  t.same(parseMetricsAddress('0.0.0.0:80'), { host: '0.0.0.0', port: 80 });
  t.same(parseMetricsAddress('[::1]:9100'), { host: '::1', port: 9100 });
  t.same(parseMetricsAddress('localhost:0'), { host: 'localhost', port: 0 });
  for (const wrong of ['', 'host', ':9100', '65536', '::1:9100', 'http://host:9100', 'a b:1', '9100 '])
    t.equal(parseMetricsAddress(wrong), undefined, wrong);
  t.equal(addressText({ host: '::1', port: 1 }), '[::1]:1');
});
