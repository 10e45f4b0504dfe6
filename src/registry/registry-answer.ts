/** What a registry says beside documents: why not (distribution-spec, "Error Codes"), and warnings ("Warnings"). */
import { STATUS_CODES } from 'node:http';
import type { ExchangeAnswer } from '../remote/http-exchange.js';
import { valuesOf } from '../remote/response-fields.js';
import { RegistryError, type RegistryErrorCode } from './errors.js';

/** Of a foreign text in a message. */
const LONGEST_TEXT = 300;
/** Of one answer. */
const MOST_TEXTS = 5;

/** What an answer that is not a success means. `asked` is part of a sentence: "docker.io/library/debian:12". */
export function refusal(answer: ExchangeAnswer, asked: string, host: string): RegistryError {
  const { status } = answer;
  const told = registryErrors(answer);
  const name = STATUS_CODES[status];
  const said = `${host} answered ${status}${name ? ` ${name}` : ''}${told === '' ? '' : ` (${told})`}`;
  return new RegistryError(codeOf(status), `${asked}: ${said}${adviceOn(status)}`);
}

function codeOf(status: number): RegistryErrorCode {
  if (status === 401 || status === 403) return 'denied';
  if (status === 404) return 'not-found';
  return status === 429 || status >= 500 ? 'unreachable' : 'protocol';
}

function adviceOn(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return '; check the name, or log in with docker, podman or oras login (a registry may hide what does not exist)';
    case 404:
      return '; there is nothing of that name';
    case 429:
      return '; it wants fewer requests: wait, or log in';
    default:
      return '';
  }
}

/** "MANIFEST_UNKNOWN: manifest unknown", or nothing. */
function registryErrors({ body }: ExchangeAnswer): string {
  let found: unknown;
  try {
    found = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    // a page, or nothing at all
    return '';
  }
  const { errors } = (found ?? {}) as { readonly errors?: unknown };
  if (!Array.isArray(errors)) return '';
  const texts = errors.slice(0, MOST_TEXTS).map((error) => {
    const { code, message } = (error ?? {}) as Record<string, unknown>;
    return [code, message].filter((text) => typeof text === 'string' && text !== '').join(': ');
  });
  return printable(texts.filter((text) => text !== '').join('; '));
}

/** The texts of `Warning: 299 - "text"`. */
export function warningsOf({ fields }: ExchangeAnswer): readonly string[] {
  return valuesOf(fields, 'warning')
    .flatMap((value) => [...value.matchAll(/299\s+\S+\s+"((?:[^"\\]|\\.)*)"/g)])
    .slice(0, MOST_TEXTS)
    .map((match) => printable(match[1]!.replace(/\\(.)/g, '$1')));
}

const printable = (text: string): string =>
  text.replace(/[^\x20-\x7e\xa0-\uffff]+/g, ' ').slice(0, LONGEST_TEXT);
