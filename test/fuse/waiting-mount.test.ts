/** Real mounts of an image behind a gate that the test opens: whoever waits for bytes keeps nobody else waiting. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { mountAt } from '../../src/fuse/mountinfo.js';
import { IMAGE, makeMountpoint, makeRequest, rootObstacle } from './mount-fixture.js';

const MANIFEST = JSON.parse(readFileSync(IMAGE.replace(/erofs$/, 'json'), 'utf8')) as Record<
  string,
  { readonly sha256: string }
>;
const SERVER = fileURLToPath(new URL('./gated-server.js', import.meta.url));

/** Far from each other in the image, and from what opening it reads. */
const KEPT = 'data/pattern.bin';
const FIRST = 'data/random.bin';
const SECOND = 'data/mixed.bin';

interface Event {
  readonly event: 'mounted' | 'shut' | 'asked' | 'unmounted' | 'ended' | 'failed';
}

class GatedServer {
  readonly exited: Promise<unknown>;
  readonly #process: ChildProcess;
  readonly #events: AsyncIterator<string>;
  log = '';

  constructor(mountpoint: string, image: string, pumps: string) {
    const request = makeRequest(mountpoint, {}, image);
    this.#process = spawn(process.execPath, [SERVER, JSON.stringify(request), pumps], { cwd: '/' });
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    this.exited = new Promise((resolve) => this.#process.once('close', resolve));
    this.#events = createInterface(this.#process.stdout!)[Symbol.asyncIterator]();
  }

  /** Settles with the next event of this kind, past those of others. */
  async until(wanted: Event['event']): Promise<void> {
    for (;;) {
      const { done, value } = await this.#events.next();
      if (done === true) throw new Error(`the server ended before "${wanted}": ${this.log}`);
      if ((JSON.parse(value) as Event).event === wanted) return;
    }
  }

  tell(command: 'shut' | 'release' | 'unmount' | 'unmount even if busy'): void {
    this.#process.stdin!.write(`${command}\n`);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly sha256: string;
}

/** A program that reads from the mount. */
class Reader {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  isRunning = true;

  constructor(program: string, ...args: string[]) {
    this.process = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], cwd: '/' });
    const hash = createHash('sha256');
    this.process.stdout!.on('data', (bytes: Buffer) => hash.update(bytes));
    this.ended = new Promise((resolve) => {
      this.process.once('close', (status, signal) => {
        this.isRunning = false;
        resolve({ status, signal, sha256: hash.digest('hex') });
      });
    });
  }
}

/** How reading all of a file ends. */
const whole = (path: string) => ({ status: 0, sha256: MANIFEST[path]!.sha256 });

/** What ls prints for a directory. */
const namesIn = (directory: string) =>
  Object.keys(MANIFEST)
    .filter((path) => dirname(path) === directory)
    .map((path) => `${basename(path)}\n`)
    .sort()
    .join('');

interface Served {
  readonly server: GatedServer;
  readonly mountpoint: string;
  at(path: string): string;
}

/** A mount whose gate is shut, by a kernel that has seen nothing of it; `read` were read before. */
async function serve(t: Test, read: readonly string[], pumps = './gated-pump-thread.js'): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), 'erofs-gated-'));
  const image = join(directory, 'image.erofs');
  copyFileSync(IMAGE, image);
  const { mountpoint, remove } = makeMountpoint(0);
  const at = (path: string) => join(mountpoint, path);
  let server = new GatedServer(mountpoint, image, pumps);
  t.teardown(async () => {
    server.kill();
    await server.exited;
    remove();
    rmSync(directory, { recursive: true });
  });
  await server.until('mounted');
  for (const path of read) await new Reader('cat', at(path)).ended;
  server.tell('unmount');
  await server.until('unmounted');
  await server.exited;

  server = new GatedServer(mountpoint, image, pumps);
  await server.until('mounted');
  server.tell('shut');
  await server.until('shut');
  return { server, mountpoint, at };
}

const skip = rootObstacle();

t.test('a read that waits', { skip }, async (t) => {
  const { server, at } = await serve(t, [KEPT]);
  const first = new Reader('cat', at(FIRST));
  await server.until('asked');

  t.match(await new Reader('cat', at(KEPT)).ended, whole(KEPT), 'keeps no kept file waiting');
  t.match(await new Reader('stat', at('data')).ended, { status: 0 }, 'nor a stat');
  const second = new Reader('cat', at(SECOND));
  await server.until('asked');
  t.ok(first.isRunning && second.isRunning, 'nor another one, which waits for bytes of its own');

  server.tell('release');
  t.match(await first.ended, whole(FIRST), 'and ends with the right bytes');
  t.match(await second.ended, whole(SECOND));
  server.tell('unmount');
  await server.until('ended');
  t.equal(server.log, '', 'with no problem, such as a pump that could not open the image');
});

t.test('Ctrl-C ends what waits at once', { skip }, async (t) => {
  const { server, at } = await serve(t, []);
  const listing = ['ls', '-l', at('many')] as const;
  // the second can be ended by the server's answer alone
  for (const [program, ...args] of [['cat', at(SECOND)] as const, listing]) {
    const reader = new Reader(program, ...args);
    await server.until('asked');
    t.ok(reader.isRunning);
    reader.process.kill('SIGINT');
    t.match(await reader.ended, { signal: 'SIGINT' }, program);
  }
  server.tell('release');
  t.match(await new Reader(...listing).ended, { status: 0 }, 'and who asks again is answered');
});

t.test('Ctrl-C ends a direct read at once', { skip }, async (t) => {
  const { server, at } = await serve(t, []);
  server.tell('release');
  await new Reader('stat', at(FIRST)).ended;
  server.tell('shut');
  await server.until('shut');
  const reader = new Reader('dd', `if=${at(FIRST)}`, 'iflag=direct', 'of=/dev/null');
  await server.until('asked');
  reader.process.kill('SIGINT');
  t.match(await reader.ended, { signal: 'SIGINT' });
});

t.test('a mount ends although somebody waits', { skip }, async (t) => {
  const { server, at, mountpoint } = await serve(t, []);
  const reader = new Reader('cat', at(FIRST));
  await server.until('asked');
  server.tell('unmount even if busy');
  t.match(await reader.ended, { status: 1 }, 'who waited meets an error');
  await server.exited;
  t.equal(mountAt(mountpoint), undefined);
});

t.test('a mount whose reader was killed while it waited is not busy', { skip }, async (t) => {
  const { server, at, mountpoint } = await serve(t, []);
  const reader = new Reader('cat', at(FIRST));
  await server.until('asked');
  reader.process.kill('SIGKILL');
  await reader.ended;
  server.tell('unmount');
  await server.until('unmounted');
  await server.exited;
  t.equal(mountAt(mountpoint), undefined);
});

t.test('pumps that find nothing of the image hand everything over', { skip }, async (t) => {
  const { server, at } = await serve(t, [KEPT], './blind-pump-thread.js');
  t.match(await new Reader('cat', at(KEPT)).ended, whole(KEPT));
  server.tell('release');
  t.match(await new Reader('ls', at('data')).ended, {
    status: 0,
    sha256: createHash('sha256').update(namesIn('data')).digest('hex'),
  });
  server.tell('unmount');
  await server.until('ended');
});
