/**
 * `erofs mount`, from what was asked to a mount that answers. Shared by the command and by mount(8)'s helper.
 *
 * LAW: it succeeds only once stat(2) of the mountpoint, made by a process that does not serve it, shows another
 * st_dev than before; after any failure nothing is mounted that was not there at the start.
 */
import { access, constants, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { ContainerFacts } from '../container-spec.js';
import type { MetricsAddress } from '../control/metrics-address.js';
import { imageSpec } from '../image-spec.js';
import type { LogFormat } from '../log/log-text.js';
import { memoryOf } from '../memory-budget.js';
import { type ImageSpec, layerSpecs, type OpenedLayer, openImage, shownName } from '../open.js';
import { specToOpenAgain } from '../open-again.js';
import { openSpec } from '../open-options.js';
import type { GivenOptions } from '../options/long-option.js';
import { type Proof, proofText } from '../proof/proof-spec.js';
import { launchDaemon } from './daemon-launch.js';
import { DEFAULT_AMOUNT } from './image-opening.js';
import { kernelObstacle, mountByKernel } from './kernel-mount.js';
import { layerStatuses } from './layer-statuses.js';
import { openLogFile } from './log-file.js';
import { mountAt } from './mountinfo.js';
import { checkMountpoint, inTime, resolveMountpoint } from './mountpoint.js';
import { type Caller, parseOptions } from './options.js';
import { clearStaleMounts, probe } from './stale.js';
import {
  type DriverName,
  type MountBackground,
  MountError,
  type MountOptions,
  type MountRequest,
  type TransportName,
} from './transport.js';
import { detach } from './unmount.js';

/** How long a request may hang, over what it may wait for a network, unless somebody says. */
const WATCHDOG_MS = 60_000;

export interface WantedMount {
  /** paths absolute */
  readonly spec: ImageSpec;
  /** as typed */
  readonly mountpoint: string;
  readonly options: MountOptions;
  /** see ParsedOptions.asked */
  readonly asked: ReadonlySet<string>;
  readonly driver: 'auto' | DriverName;
  readonly transport: 'auto' | TransportName;
  readonly foreground: boolean;
  readonly logFile: string | undefined;
  /** see MountRequest */
  readonly logFormat?: LogFormat | undefined;
  /** see MountRequest */
  readonly metrics?: MetricsAddress | undefined;
  /** milliseconds */
  readonly readyTimeout: number;
  /** see MountRequest */
  readonly supervise: boolean;
  /** see MountRequest; a minute unless given */
  readonly watchdog: number | undefined;
  /** see MountRequest.memory */
  readonly memory: number;
}

/** What the two kinds of news are for: `done` is the result, `note` what was met on the way. Each is one line. */
export interface Listener {
  done(line: string): void;
  note(line: string): void;
}

/** What a command line says beside the -o lists. */
export interface GivenBeside {
  /** as OpenOptions */
  readonly open?: GivenOptions;
  readonly objects?: readonly string[];
  /** as typed */
  readonly memory?: string | undefined;
  /** told of what is gone on after while a container image is looked up */
  readonly report?: (problem: Error) => void;
}

export interface Wanted
  extends Pick<WantedMount, 'spec' | 'options' | 'asked' | 'memory' | 'supervise' | 'watchdog'> {
  /** what -o has and changes nothing */
  readonly ignored: readonly string[];
}

/**
 * What is asked of images, the lowest first, by the -o lists of `caller` and by what is given beside them; paths are relative
 * to the working directory. Rejects with OptionError, OptionUsageError, VerityError, ProofError, SnapshotError.
 */
export async function wantedBy(
  images: readonly string[],
  lists: readonly string[],
  caller: Caller,
  { open = new Map(), objects = [], memory: given, report }: GivenBeside = {},
): Promise<Wanted> {
  const parsed = parseOptions(lists, caller);
  const { mount, image, stores, uppers, ignored, asked, supervise, open: inLists } = parsed;
  const memory = given === undefined ? memoryOf(parsed.memory, '-o memory') : memoryOf(given, '--memory');
  const spec = await imageSpec({
    ...image,
    images: [...images, ...uppers],
    stores: [...stores, ...objects],
    report,
    ...openSpec(new Map([...inLists, ...open]), (name) =>
      open.has(name) ? `--${name}` : `-o ${name.replaceAll('-', '_')}`,
    ),
  });
  return {
    spec,
    options: { ...mount, fsname: mount.fsname ?? shownName(spec) },
    asked,
    ignored,
    memory,
    supervise,
    watchdog: parsed.watchdog === undefined ? undefined : parsed.watchdog * 1000,
  };
}

/** What is mounted by a server of our own. */
interface ServedMount extends WantedMount {
  readonly background: MountBackground;
}

const STDERR = 2;

interface Place {
  readonly mountpoint: string;
  /** st_dev before the mount */
  readonly device: number;
  /** id of the mount that was there before */
  readonly covered: number | undefined;
}

/**
 * Settles when the mount answers; with `foreground`, when it has ended. Rejects with an ErofsError for the image,
 * a MountError, or a system error for a path.
 */
export async function mountImage(given: WantedMount, listener: Listener): Promise<void> {
  const shown = shownName(given.spec);
  const { spec, blockSize, layers } = await checkImage(given.spec, listener);
  const proofs = layers.flatMap((layer) => layer.proofs);
  const wanted = { ...given, spec };
  const { options } = wanted;
  const { container } = spec;
  const mountpoint = await resolveMountpoint(wanted.mountpoint);
  await clearStaleMounts(mountpoint, options.subtype, listener.note);
  const place = { mountpoint, device: await checkMountpoint(mountpoint), covered: mountAt(mountpoint)?.id };

  const choice = chooseDriver(wanted, proofs);
  let { reason } = choice;
  if (choice.driver === 'kernel') {
    try {
      await mountByKernel({ spec, mountpoint, options, blockSize });
      await requireVisible(place, wanted.readyTimeout);
      const verified = container === undefined ? '' : guaranteesText(container);
      listener.done(`mounted ${shown} on ${mountpoint} (driver kernel${verified})`);
      return;
    } catch (error) {
      await removeNewMount(place);
      const code = error instanceof MountError ? error.code : undefined;
      const refused = code === 'kernel-refused' || code === 'no-kernel-driver' || code === 'no-permission';
      if (wanted.driver === 'kernel' || !refused) throw error;
      reason = (error as Error).message.replace(/; use --driver fuse$/, '');
    }
  }
  const transport = wanted.transport === 'auto' ? defaultTransport() : wanted.transport;
  if (wanted.supervise && transport !== 'dev-fuse') {
    const what = `--supervise: a mount by ${transport} ends with the process that serves it`;
    throw new MountError('not-supervised', `${what}; use --transport dev-fuse, on Linux`);
  }
  const because = reason === undefined ? '' : `; ${reason}`;
  const news =
    container === undefined
      ? proofLines(proofs, layers.length)
      : (await import('../container-spec.js')).layerLines(container);
  for (const told of news) listener.note(told);
  const verified = container === undefined ? layersText(proofs, layers.length) : guaranteesText(container);
  const line = `mounted ${shown} on ${mountpoint} (driver fuse, transport ${transport}${because}${verified})`;
  const background = {
    reason: reason ?? chosenBy(wanted),
    logFile: undefined,
    layers: layerStatuses(spec, layers),
  };
  const serveIt = wanted.foreground ? serveHere : serveInDaemon;
  await serveIt({ ...wanted, background }, transport, place, listener, line);
}

interface CheckedImage {
  /** for whoever serves it */
  readonly spec: ImageSpec;
  readonly blockSize: number;
  readonly layers: readonly Pick<OpenedLayer, 'proofs'>[];
}

/** Opens the image once before anything is mounted, so that what is wrong with it is said by the command. */
async function checkImage(spec: ImageSpec, { note }: Listener): Promise<CheckedImage> {
  for (const { image, devices = [] } of layerSpecs(spec)) {
    for (const reference of [image, ...devices]) {
      if (isAbsolute(reference)) await access(reference, constants.R_OK);
    }
  }
  // a list or trace that cannot be read is the command's to say, not the server's
  const wanted = spec.remote?.prefetch;
  if (wanted !== undefined) (await import('../prefetch/plan.js')).readPlan(wanted, DEFAULT_AMOUNT);
  const opened = await openImage(spec, ({ message }) => note(message));
  try {
    const { blockSize } = await opened.run(() => opened.tree.statfs());
    return { spec: specToOpenAgain(spec, opened), blockSize, layers: opened.layers };
  } finally {
    opened.close();
  }
}

const isProven = (proofs: readonly Proof[]): boolean => proofs.some(({ kind }) => kind !== 'none');

/** Which layer has which proof does not fit in a line. */
function proofLines(proofs: readonly Proof[], layers: number): string[] {
  const differs = layers > 1 && isProven(proofs);
  return proofs
    .filter(({ trust }) => differs || trust === 'integrity')
    .map((proof) => `${proof.blob}: ${proofText(proof)}`);
}

/** The end of the line that says what was mounted. */
function layersText(proofs: readonly Proof[], layers: number): string {
  const count = layers === 1 ? '' : `; ${layers} layers${isProven(proofs) ? '' : ', not verified'}`;
  return isProven(proofs) ? `${count}; checked by ${checksOf(proofs)}` : count;
}

/** "; 3 layers: dm-verity x 2, digest" */
function guaranteesText({ layers }: ContainerFacts): string {
  const words = layers.map(({ guarantee }) => (guarantee === 'none' ? 'not verified' : guarantee));
  return `; ${layers.length} ${layers.length === 1 ? 'layer' : 'layers'}: ${counted(words)}`;
}

/** "dm-verity (pinned), nothing": a word for each blob; neighbours with the same are counted: "dm-verity (pinned) x 3". */
function checksOf(proofs: readonly Proof[]): string {
  return counted(proofs.map(({ kind, trust }) => (kind === 'none' ? 'nothing' : `${kind} (${trust})`)));
}

function counted(words: readonly string[]): string {
  const runs: { readonly word: string; count: number }[] = [];
  for (const word of words) {
    const last = runs.at(-1);
    if (last?.word === word) last.count++;
    else runs.push({ word, count: 1 });
  }
  return runs.map(({ word, count }) => (count === 1 ? word : `${word} x ${count}`)).join(', ');
}

function chooseDriver(
  wanted: WantedMount,
  proofs: readonly Proof[],
): { driver: DriverName; reason?: string } {
  if (wanted.driver === 'fuse') return { driver: 'fuse' };
  if (wanted.driver === 'auto' && wanted.transport !== 'auto') return { driver: 'fuse' };
  const obstacle = wanted.supervise
    ? 'has no process that could be supervised, and needs none'
    : wanted.foreground
      ? 'has no process that could stay in the foreground'
      : wanted.metrics !== undefined
        ? 'tells no metrics'
        : kernelObstacle(wanted.spec, wanted.asked, proofs);
  if (obstacle === undefined) return { driver: 'kernel' };
  const reason = `the kernel's erofs ${obstacle}`;
  if (wanted.driver === 'auto') return { driver: 'fuse', reason };
  throw new MountError('kernel-refused', `${reason}; use --driver fuse`);
}

/** Where no obstacle says why the driver is fuse, the user does. */
function chosenBy({ driver, transport }: WantedMount): string {
  return driver === 'fuse' ? 'asked for by --driver fuse' : `asked for by --transport ${transport}`;
}

function defaultTransport(): TransportName {
  return process.platform === 'darwin' ? 'fuse-native' : 'dev-fuse';
}

function requestFor(
  wanted: ServedMount,
  transport: TransportName,
  { mountpoint }: Place,
  logFile: string | undefined,
): MountRequest {
  const { spec, options, memory, supervise, watchdog = WATCHDOG_MS, metrics, logFormat } = wanted;
  const background = { ...wanted.background, logFile };
  return {
    ...{ spec, mountpoint, options, transport, memory, supervise, watchdog },
    ...{ background, metrics, logFormat },
  };
}

async function serveInDaemon(
  wanted: ServedMount,
  transport: TransportName,
  place: Place,
  listener: Listener,
  line: string,
): Promise<void> {
  const { readyTimeout } = wanted;
  const logFile = openLogFile(place.mountpoint, wanted.logFile, listener.note);
  const deadline = performance.now() + readyTimeout;
  try {
    const request = requestFor(wanted, transport, place, logFile.path);
    const daemon = await launchDaemon(request, logFile, readyTimeout);
    try {
      await requireVisible(place, Math.max(1, Math.ceil(deadline - performance.now())));
      await daemon.keep();
    } catch (error) {
      await daemon.abandon();
      throw error;
    }
  } catch (error) {
    await removeNewMount(place);
    throw error;
  }
  listener.done(line);
}

async function serveHere(
  wanted: ServedMount,
  transport: TransportName,
  place: Place,
  listener: Listener,
  line: string,
): Promise<void> {
  const [{ openLog }, carry] = await Promise.all([
    import('../log/log.js'),
    wanted.supervise
      ? import('./supervise.js').then(({ supervise }) => supervise)
      : import('./serve.js').then(({ serve }) => serve),
  ]);
  const { readyTimeout } = wanted;
  const { mountpoint } = place;
  const logFile =
    wanted.logFile === undefined ? undefined : openLogFile(mountpoint, wanted.logFile, listener.note);
  const request = requestFor(wanted, transport, place, logFile?.path);
  try {
    const descriptor = logFile?.descriptor ?? STDERR;
    const ready = async (): Promise<void> => {
      const answer = await probe(mountpoint, readyTimeout);
      if (answer.state === 'answers' && answer.device !== place.device) listener.done(line);
      else if (mountAt(mountpoint)?.id !== place.covered) throw notVisible(place, JSON.stringify(answer));
    };
    await carry(request, openLog(descriptor, wanted.logFormat), ready, [descriptor]);
  } catch (error) {
    await removeNewMount(place);
    throw error;
  }
}

async function requireVisible(place: Place, milliseconds: number): Promise<void> {
  const { dev } = await inTime(stat(place.mountpoint), place.mountpoint, milliseconds);
  if (dev === place.device) throw notVisible(place, `st_dev is ${dev} as before`);
}

function notVisible({ mountpoint }: Place, found: string): MountError {
  return new MountError(
    'mount-failed',
    `${mountpoint} does not show the new mount (${found}); it was taken down again`,
  );
}

/** For what a killed daemon leaves: its mount is in the table, and answers nobody. */
async function removeNewMount({ mountpoint, covered }: Place): Promise<void> {
  const entry = mountAt(mountpoint);
  if (entry !== undefined && entry.id !== covered) await detach(mountpoint, { lazy: true });
}
