/**
 * LAW: the only file that calls the C library.
 *
 * Node has no call for passing descriptors, mounting, extended attributes, device nodes, or the times of a symlink.
 * koffi is loaded by the first call. Works with glibc and musl on 64-bit Linux.
 * Paths, names and values are bytes, so that what is not UTF-8 arrives as it is; the final NUL is added here.
 * Every call blocks its thread, and throws a SystemError where the system refuses.
 */
import { constants, endianness } from 'node:os';
import type { LibraryHandle } from 'koffi';
import { loadKoffi } from './native-library.js';

/** A refused system call. `code` is the errno's name such as 'EBUSY', or 'no-native-package' without koffi. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** umount2(2) flags. */
export const UnmountFlag = { detach: 2, noFollow: 8 } as const;

const LITTLE_ENDIAN = endianness() === 'LE';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CMSG_CLOEXEC = 0x40000000;
const MSG_DONTWAIT = 0x40;
const AT_FDCWD = -100;
const F_WRLCK = 1;
const F_UNLCK = 2;
const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const AT_SYMLINK_NOFOLLOW = 0x100;

/** The C functions, under their own names; a negative result is a failure. */
interface Libc {
  socketpair(domain: number, type: number, protocol: number, descriptors: Int32Array): number;
  socket(domain: number, type: number, protocol: number): number;
  sendto(
    socket: number,
    message: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: number,
  ): number;
  close(descriptor: number): number;
  dup2(from: number, to: number): number;
  recvmsg(socket: number, message: Uint8Array, flags: number): number;
  mount(source: Uint8Array, target: Uint8Array, type: Uint8Array, flags: number, data: Uint8Array): number;
  umount2(target: Uint8Array, flags: number): number;
  setxattr(path: Uint8Array, name: Uint8Array, value: Uint8Array, size: number, flags: number): number;
  lsetxattr(path: Uint8Array, name: Uint8Array, value: Uint8Array, size: number, flags: number): number;
  lgetxattr(path: Uint8Array, name: Uint8Array, value: Uint8Array, size: number): number;
  llistxattr(path: Uint8Array, list: Uint8Array, size: number): number;
  utimensat(directory: number, path: Uint8Array, times: Uint8Array, flags: number): number;
  mknod(path: Uint8Array, mode: number, device: bigint): number;
  fcntl(descriptor: number, command: number, type: 'void *', lock: Uint8Array): number;
  _exit(status: number): void;
  strerror(errno: number): string;
  errno(): number;
  address(buffer: Uint8Array): bigint;
}

let loaded: Libc | undefined;

/** Loads the C library now rather than at the first call. Throws code 'no-native-package' where koffi is missing. */
export function loadLibc(): void {
  libc();
}

function libc(): Libc {
  loaded ??= bindLibc();
  return loaded;
}

function bindLibc(): Libc {
  try {
    const koffi = loadKoffi();
    // The running program's own symbols: the C library that node itself uses, whichever it is.
    const library = koffi.load(null);
    return {
      socketpair: library.func('int socketpair(int, int, int, void *)'),
      socket: library.func('int socket(int, int, int)'),
      sendto: library.func('intptr_t sendto(int, const void *, size_t, int, const void *, unsigned int)'),
      close: library.func('int close(int)'),
      dup2: library.func('int dup2(int, int)'),
      recvmsg: library.func('intptr_t recvmsg(int, void *, int)'),
      mount: library.func('int mount(const void *, const void *, const void *, unsigned long, const void *)'),
      umount2: library.func('int umount2(const void *, int)'),
      setxattr: library.func('int setxattr(const void *, const void *, const void *, size_t, int)'),
      lsetxattr: library.func('int lsetxattr(const void *, const void *, const void *, size_t, int)'),
      lgetxattr: library.func('intptr_t lgetxattr(const void *, const void *, void *, size_t)'),
      llistxattr: library.func('intptr_t llistxattr(const void *, void *, size_t)'),
      utimensat: library.func('int utimensat(int, const void *, const void *, int)'),
      mknod: bindMakeNode(library),
      fcntl: library.func('int fcntl(int, int, ...)'),
      _exit: library.func('void _exit(int)'),
      strerror: library.func('const char *strerror(int)'),
      errno: () => koffi.errno(),
      address: (buffer) => koffi.address(buffer),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new SystemError(
      'no-native-package',
      `loading the optional package koffi, which makes system calls that Node lacks: ${reason}; ` +
        'install it with "npm install koffi"',
      { cause },
    );
  }
}

/** glibc has had mknod itself since 2.33; before, only the versioned call behind its header's inline function. */
function bindMakeNode(library: LibraryHandle): Libc['mknod'] {
  try {
    return library.func('int mknod(const void *, unsigned int, uint64_t)');
  } catch {
    const versioned = library.func('int __xmknod(int, const void *, unsigned int, const void *)');
    return (path, mode, device) => versioned(0, path, mode, new BigUint64Array([device]));
  }
}

/** Two connected stream sockets, close-on-exec. */
export function socketPair(): [number, number] {
  const descriptors = new Int32Array(2);
  check(libc().socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, descriptors), 'socketpair', '');
  return [descriptors[0]!, descriptors[1]!];
}

/**
 * Waits for one message on `socket` and returns the descriptor that came with it, close-on-exec.
 * undefined where the other end was closed instead. Throws code 'EPROTO' for a message without a descriptor.
 */
export function receiveDescriptor(socket: number): number | undefined {
  // struct msghdr, iovec and cmsghdr as 64-bit Linux lays them out: lengths are 64-bit in glibc; musl has 32 bits
  // and padding on the proper side, so one 64-bit store serves both.
  const payload = Buffer.alloc(1);
  const vector = Buffer.alloc(16);
  const control = Buffer.alloc(24);
  const header = Buffer.alloc(56);
  const { address, recvmsg } = libc();
  writeU64(vector, 0, address(payload));
  writeU64(vector, 8, 1n);
  writeU64(header, 16, address(vector));
  writeU64(header, 24, 1n);
  writeU64(header, 32, address(control));
  let received: number;
  do {
    writeU64(header, 40, BigInt(control.length));
    received = recvmsg(socket, header, MSG_CMSG_CLOEXEC);
  } while (received < 0 && libc().errno() === constants.errno.EINTR);
  check(received, 'recvmsg', '');
  if (received === 0) return undefined;

  const view = new DataView(control.buffer, control.byteOffset, control.length);
  const level = view.getInt32(8, LITTLE_ENDIAN);
  const type = view.getInt32(12, LITTLE_ENDIAN);
  if (level !== SOL_SOCKET || type !== SCM_RIGHTS) {
    throw new SystemError(
      'EPROTO',
      `recvmsg: control message level ${level} type ${type}, expected a descriptor (level 1 type 1)`,
    );
  }
  return view.getInt32(16, LITTLE_ENDIAN);
}

/** Sends one datagram to a Unix socket: `address` is its path, or a NUL byte and its abstract name. Never waits. */
export function sendDatagram(address: Uint8Array, message: Uint8Array): void {
  const { socket, sendto, close } = libc();
  const descriptor = check(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), 'socket', '');
  try {
    const family = new Uint8Array(new Uint16Array([AF_UNIX]).buffer);
    const name = Buffer.concat([family, address]);
    check(
      sendto(descriptor, pointable(message), message.length, MSG_DONTWAIT, name, name.length),
      'sendto',
      address,
    );
  } finally {
    close(descriptor);
  }
}

/** dup2(2): `to` becomes another name of what `from` is; what it was is closed, at once. */
export function replaceDescriptor(from: number, to: number): void {
  check(libc().dup2(from, to), 'dup2', '');
}

/** mount(2). `flags` are MS_* bits. */
export function mount(source: string, target: string, type: string, flags: number, data: string): void {
  const result = libc().mount(terminate(source), terminate(target), terminate(type), flags, terminate(data));
  check(result, 'mount', target);
}

/** umount2(2). `flags` are UnmountFlag bits. */
export function umount2(target: string, flags: number): void {
  check(libc().umount2(terminate(target), flags), 'umount2', target);
}

/** setxattr(2): creates or replaces an attribute of what the path leads to, as the links in /proc/self/fd do. */
export function setXattr(path: Uint8Array, name: Uint8Array, value: Uint8Array): void {
  const result = libc().setxattr(terminate(path), terminate(name), pointable(value), value.length, 0);
  check(result, `setxattr ${text(name)}`, path);
}

/** lsetxattr(2): creates or replaces an attribute of the path itself, also of a symlink. */
export function setXattrNoFollow(path: Uint8Array, name: Uint8Array, value: Uint8Array): void {
  const result = libc().lsetxattr(terminate(path), terminate(name), pointable(value), value.length, 0);
  check(result, `lsetxattr ${text(name)}`, path);
}

/** lgetxattr(2). Throws code 'ENODATA' where the path has no such attribute. */
export function getXattrNoFollow(path: Uint8Array, name: Uint8Array): Uint8Array {
  const call = `lgetxattr ${text(name)}`;
  const [pathBytes, nameBytes] = [terminate(path), terminate(name)];
  return readGrowing(call, path, (buffer, size) => libc().lgetxattr(pathBytes, nameBytes, buffer, size));
}

/** llistxattr(2): the full names of a path's attributes, without their NULs. */
export function listXattrNoFollow(path: Uint8Array): Uint8Array[] {
  const pathBytes = terminate(path);
  const list = readGrowing('llistxattr', path, (buffer, size) => libc().llistxattr(pathBytes, buffer, size));
  const names: Uint8Array[] = [];
  let start = 0;
  for (let end = list.indexOf(0); end >= 0; end = list.indexOf(0, start)) {
    names.push(list.subarray(start, end));
    start = end + 1;
  }
  return names;
}

/** utimensat(2): atime and mtime of the path itself, also of a symlink. Seconds before 1970 are negative. */
export function setTimesNoFollow(path: Uint8Array, seconds: number, nanoseconds: number): void {
  setBothTimes(path, seconds, nanoseconds, AT_SYMLINK_NOFOLLOW);
}

/** The same of what the path leads to. */
export function setTimes(path: Uint8Array, seconds: number, nanoseconds: number): void {
  setBothTimes(path, seconds, nanoseconds, 0);
}

function setBothTimes(path: Uint8Array, seconds: number, nanoseconds: number, flags: number): void {
  const times = Buffer.alloc(32);
  for (const offset of [0, 16]) {
    writeU64(times, offset, BigInt.asUintN(64, BigInt(seconds)));
    writeU64(times, offset + 8, BigInt(nanoseconds));
  }
  check(libc().utimensat(AT_FDCWD, terminate(path), times, flags), 'utimensat', path);
}

/**
 * mknod(2): a device node, fifo, socket or empty file. `mode` holds S_IFMT and permission bits, of which the
 * process's umask takes its share; `major` is below 2^12 and `minor` below 2^20 where Linux is to keep them.
 */
export function makeNode(path: Uint8Array, mode: number, major: number, minor: number): void {
  check(libc().mknod(terminate(path), mode, deviceNumber(major, minor)), 'mknod', path);
}

/**
 * fcntl(2) F_OFD_SETLK: locks bytes of an open file, which need not exist there, against every other opening of it, in this
 * process or another; false where another one has locked any of them. Never waits. The lock ends with unlockBytes, or when the
 * descriptor is closed, as all are when a process dies. 1.2 µs. Throws code 'EOPNOTSUPP' except on Linux.
 */
export function lockBytes(descriptor: number, offset: number, length: number): boolean {
  const result = setLock(F_OFD_SETLK, descriptor, F_WRLCK, offset, length);
  const errno = result < 0 ? libc().errno() : 0;
  if (errno === constants.errno.EAGAIN || errno === constants.errno.EACCES) return false;
  check(result, 'fcntl F_OFD_SETLK', '');
  return true;
}

/** Ends what lockBytes began, of these bytes alone. */
export function unlockBytes(descriptor: number, offset: number, length: number): void {
  check(setLock(F_OFD_SETLK, descriptor, F_UNLCK, offset, length), 'fcntl F_OFD_SETLK', '');
}

/** fcntl(2) F_OFD_GETLK: whether another opening of the file has locked any of the bytes. */
export function isLockedElsewhere(descriptor: number, offset: number, length: number): boolean {
  check(setLock(F_OFD_GETLK, descriptor, F_WRLCK, offset, length), 'fcntl F_OFD_GETLK', '');
  return new DataView(LOCK.buffer).getInt16(0, LITTLE_ENDIAN) !== F_UNLCK;
}

/** struct flock as 64-bit Linux lays it out: l_type, l_whence, l_start, l_len, and l_pid, which has to be 0. */
const LOCK = new Uint8Array(32);

function setLock(command: number, descriptor: number, type: number, offset: number, length: number): number {
  if (process.platform !== 'linux') {
    throw new SystemError(
      'EOPNOTSUPP',
      `locks of open files are made on Linux alone, this is ${process.platform}`,
    );
  }
  const view = new DataView(LOCK.buffer);
  view.setInt16(0, type, LITTLE_ENDIAN);
  view.setInt16(2, 0, LITTLE_ENDIAN);
  view.setBigInt64(8, BigInt(offset), LITTLE_ENDIAN);
  view.setBigInt64(16, BigInt(length), LITTLE_ENDIAN);
  view.setInt32(24, 0, LITTLE_ENDIAN);
  return libc().fcntl(descriptor, command, 'void *', LOCK);
}

/**
 * _exit(2): ends the process at once, its threads wherever they are. process.exit() waits for worker threads,
 * and one that is blocked in a system call never ends.
 */
export function exitNow(status: number): void {
  libc()._exit(status);
}

/** The C library's dev_t: 32 bits of major and of minor, interleaved as makedev(3) does. */
function deviceNumber(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (
    ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn)
  );
}

/** Calls `read` with buffers of the size that the system asks for until the value stays within one. */
function readGrowing(
  call: string,
  path: Uint8Array,
  read: (buffer: Uint8Array, size: number) => number,
): Uint8Array {
  let buffer = Buffer.alloc(256);
  for (;;) {
    const length = read(buffer, buffer.length);
    if (length >= 0) return buffer.subarray(0, length);
    if (libc().errno() !== constants.errno.ERANGE) check(length, call, path);
    buffer = Buffer.alloc(Math.max(check(read(pointable(EMPTY), 0), call, path), 1));
  }
}

function check(result: number, call: string, path: string | Uint8Array): number {
  if (result >= 0) return result;
  const errno = libc().errno();
  const code = ERRNO_NAMES.get(errno) ?? `E${errno}`;
  const subject = path.length > 0 ? ` ${text(path)}` : '';
  throw new SystemError(code, `${call}${subject}: ${libc().strerror(errno)} (${code})`);
}

const EMPTY = new Uint8Array(0);

const ERRNO_NAMES = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));
// Two names for one number: the one that manual pages use.
ERRNO_NAMES.set(constants.errno.EAGAIN, 'EAGAIN').set(constants.errno.EOPNOTSUPP, 'EOPNOTSUPP');
ERRNO_NAMES.set(117, 'EUCLEAN');

/** `bytes` with the NUL that ends a C string, in a copy. Throws code 'EINVAL' for a NUL within. */
function terminate(bytes: string | Uint8Array): Uint8Array {
  const source = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  if (source.includes(0)) {
    throw new SystemError('EINVAL', `${text(bytes)}: a NUL byte within, which no path or name can hold`);
  }
  const terminated = Buffer.alloc(source.length + 1);
  terminated.set(source);
  return terminated;
}

/** An empty array has no address; a call that is told its length 0 never reads it. */
function pointable(bytes: Uint8Array): Uint8Array {
  return bytes.length > 0 ? bytes : new Uint8Array(1);
}

function text(path: string | Uint8Array): string {
  return typeof path === 'string' ? path : Buffer.from(path).toString();
}

function writeU64(buffer: Buffer, offset: number, value: bigint): void {
  if (LITTLE_ENDIAN) buffer.writeBigUInt64LE(value, offset);
  else buffer.writeBigUInt64BE(value, offset);
}
