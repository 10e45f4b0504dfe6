/**
 * What proves who asks: extra headers and a bearer token, from files or the environment, where other users of the
 * machine cannot read them as they read the arguments of a command.
 */
import { readFileSync } from 'node:fs';
import { RemoteError } from './remote-blob.js';

export interface CredentialOptions {
  /** for programs; a command takes them from a file */
  readonly headers?: Readonly<Record<string, string>>;
  /** lines of the form "Name: value"; empty ones and those that start with # are skipped */
  readonly headerFile?: string;
  readonly token?: string;
  /** sent as "Authorization: Bearer …"; white space around it is cut */
  readonly tokenFile?: string;
}

/** Where the options say nothing: a token, and the names of the two files. */
export const CREDENTIAL_VARIABLES = ['EROFS_TOKEN', 'EROFS_TOKEN_FILE', 'EROFS_HEADER_FILE'] as const;

const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers that say what is asked and how it is carried. */
const RESERVED = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'if-range',
  'keep-alive',
  'proxy-authorization',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Header fields, their names in lower case. Throws RemoteError 'options', or the system's error for a file that cannot
 * be read. Messages name lines and fields, never values.
 */
export function readCredentials(
  options: CredentialOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const fields: Record<string, string> = {};
  const headerFile = options.headerFile ?? environment.EROFS_HEADER_FILE;
  if (headerFile) addLines(fields, headerFile);
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    addField(fields, name, value, 'the given headers');
  }
  const token = readToken(options, environment);
  if (token !== undefined) addField(fields, 'authorization', `Bearer ${token}`, 'the token');
  return fields;
}

function readToken(options: CredentialOptions, environment: NodeJS.ProcessEnv): string | undefined {
  if (options.token !== undefined) return options.token;
  const file = options.tokenFile ?? (environment.EROFS_TOKEN ? undefined : environment.EROFS_TOKEN_FILE);
  if (!file) return environment.EROFS_TOKEN?.trim() || undefined;
  const token = readFileSync(file, 'utf8').trim();
  if (token === '') throw new RemoteError('options', `${file} is empty: a token was expected in it`);
  return token;
}

function addLines(fields: Record<string, string>, file: string): void {
  for (const [index, line] of readFileSync(file, 'utf8').split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const place = `line ${index + 1} of ${file}`;
    const colon = line.indexOf(':');
    if (colon < 0) throw new RemoteError('options', `${place} is no header: "Name: value" was expected`);
    addField(fields, line.slice(0, colon), line.slice(colon + 1), place);
  }
}

function addField(fields: Record<string, string>, name: string, value: string, place: string): void {
  const key = name.trim().toLowerCase();
  const content = value.trim();
  if (!NAME.test(key)) throw new RemoteError('options', `the name of a header in ${place} is not valid`);
  if (!VALUE.test(content)) {
    throw new RemoteError(
      'options',
      `the value of ${key} in ${place} has characters that no header may have`,
    );
  }
  if (RESERVED.has(key)) {
    throw new RemoteError(
      'options',
      `${key} in ${place} cannot be set: it is part of how ranges are asked for`,
    );
  }
  fields[key] = content;
}
