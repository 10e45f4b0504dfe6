/**
 * Asks a program for a credential: docker-credential-NAME get, the registry on stdin, JSON on stdout (docker-credential-helpers).
 *
 * LAW: what the program writes is never repeated: it may be a secret.
 */
import { spawn } from 'node:child_process';
import { type Credential, credentialOf } from './credential.js';
import { RegistryError } from './errors.js';

export interface HelperOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** milliseconds; 30 s unless given: it may ask the user to unlock a key ring */
  readonly patience?: number;
}

const PATIENCE_MS = 30_000;
/** bytes */
const OUTPUT_LIMIT = 1024 * 1024;
const NOT_FOUND = 'credentials not found in native keychain';

/**
 * Undefined where the program knows of no credential for `address`. Rejects with RegistryError 'credentials', or with the
 * signal's reason; the program has been killed then.
 */
export async function askHelper(
  name: string,
  address: string,
  signal: AbortSignal,
  options: HelperOptions = {},
): Promise<Credential | undefined> {
  if (!/^[\w.-]+$/.test(name)) {
    throw new RegistryError(
      'credentials',
      `"${name}" is no name of a credential helper: letters and digits were expected`,
    );
  }
  const program = `docker-credential-${name}`;
  const { status, output } = await run(program, address, signal, options);
  if (status !== 0) {
    if (output.includes(NOT_FOUND)) return undefined;
    throw complaint(program, address, `it ended with status ${status}`);
  }
  const { Username: username, Secret: secret } = parse(output);
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw complaint(program, address, 'its answer is no JSON with Username and Secret');
  }
  return secret === '' ? undefined : credentialOf(username, secret, program);
}

interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

function run(
  program: string,
  address: string,
  signal: AbortSignal,
  { environment = process.env, patience = PATIENCE_MS }: HelperOptions,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    // leads a group of its own, so that what it started ends with it
    const child = spawn(program, ['get'], {
      env: environment,
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    const pieces: Uint8Array[] = [];
    let length = 0;
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      act();
    };
    const fail = (error: unknown): void => {
      killGroup(child.pid);
      child.stdout.destroy();
      settle(() => reject(error));
    };
    const abort = (): void => fail(signal.reason);
    const timer = setTimeout(
      () => fail(complaint(program, address, `it did not end within ${patience / 1000} s`)),
      patience,
    );
    signal.addEventListener('abort', abort, { once: true });
    child.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'it is not installed' : `it cannot be run: ${error.code}`;
      fail(complaint(program, address, reason));
    });
    child.stdout.on('data', (bytes: Uint8Array) => {
      pieces.push(bytes);
      length += bytes.length;
      if (length > OUTPUT_LIMIT) fail(complaint(program, address, 'its answer does not end'));
    });
    child.on('close', (status) => {
      settle(() => resolve({ status, output: Buffer.concat(pieces).toString('utf8') }));
    });
    // one that ends without reading has said what it has to say with its status
    child.stdin.on('error', () => {});
    child.stdin.end(address);
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ended already
  }
}

function parse(output: string): { readonly Username?: unknown; readonly Secret?: unknown } {
  try {
    return Object(JSON.parse(output));
  } catch {
    return {};
  }
}

const complaint = (program: string, address: string, reason: string): RegistryError =>
  new RegistryError(
    'credentials',
    `${program} gives no credential for ${address}: ${reason}; try: printf %s ${address} | ${program} get`,
  );
