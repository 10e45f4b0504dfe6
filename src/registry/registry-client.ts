/**
 * Asks the hosts of a registry for what one repository has: mirrors in their order, the registry itself last.
 *
 * LAW: who has no right to say which digest a tag has is not asked for a tag; what is not what its digest says is asked for elsewhere.
 */
import { FetchFailure } from '../remote/fetch-failure.js';
import { type ExchangeAnswer, exchange } from '../remote/http-exchange.js';
import { HTTP_LIMITS, type HttpOptions } from '../remote/http-options.js';
import { RemoteError } from '../remote/remote-blob.js';
import { fieldOf } from '../remote/response-fields.js';
import { borrowTransport, type SharedTransport } from '../remote/shared-transports.js';
import { digestOf, hasDigest, isDigest } from './digest.js';
import { RegistryError, type RegistryErrorCode } from './errors.js';
import { apiUrl, certificatesOf, type RegistryHost, registryHosts } from './hosts.js';
import { DOCUMENT_LIMIT } from './manifest.js';
import { ACCEPTED_DOCUMENTS } from './media-types.js';
import { authoritiesOf } from './registry-access.js';
import { refusal, warningsOf } from './registry-answer.js';
import type { RegistrySpec } from './registry-spec.js';

export interface RegistryOptions {
  readonly spec?: RegistrySpec;
  /** limits, certificates and credentials as for blobs; `report` is not used */
  readonly http?: HttpOptions;
  /** what a user should know, each once */
  readonly report?: (problem: Error) => void;
  readonly signal?: AbortSignal;
}

/** A document as it came. */
export interface FetchedDocument {
  readonly bytes: Uint8Array;
  readonly digest: string;
  /** what it came as; undefined where nothing was said */
  readonly mediaType: string | undefined;
}

interface Question {
  readonly method: 'GET' | 'HEAD';
  /** below the repository: "manifests/latest" */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept: string;
  /** bytes of the answer */
  readonly limit: number;
}

export class RegistryClient {
  readonly #registry: string;
  readonly #repository: string;
  readonly #hosts: readonly RegistryHost[];
  readonly #http: HttpOptions;
  readonly #report: (problem: Error) => void;
  readonly #signal: AbortSignal;
  readonly #transports = new Map<RegistryHost, SharedTransport>();
  readonly #told = new Set<string>();

  /** Throws as registryHosts. */
  constructor(registry: string, repository: string, options: RegistryOptions = {}) {
    const { spec = {}, http = {}, report = () => {}, signal = new AbortController().signal } = options;
    this.#registry = registry;
    this.#repository = repository;
    this.#hosts = registryHosts(registry, spec);
    this.#http = http;
    this.#report = report;
    this.#signal = signal;
  }

  /** "HOST/REPOSITORY", as the user names it. */
  get name(): string {
    return `${this.#registry}/${this.#repository}`;
  }

  /** The digest that a tag has, as far as the registry says so without giving the document. Rejects with RegistryError. */
  headDigest(tag: string): Promise<string | undefined> {
    const question: Question = {
      method: 'HEAD',
      path: `manifests/${tag}`,
      accept: ACCEPTED_DOCUMENTS,
      limit: 0,
    };
    return this.#askAll(question, `${this.name}:${tag}`, canResolve, ({ fields }) => {
      const digest = fieldOf(fields, 'docker-content-digest');
      return digest !== undefined && isDigest(digest) ? digest : undefined;
    });
  }

  /** Bytes of a blob. Rejects with RegistryError, 'not-found' where there is none. */
  headSize(digest: string): Promise<number> {
    const question: Question = { method: 'HEAD', path: `blobs/${digest}`, accept: '*/*', limit: 0 };
    const asked = `${this.name}@${digest}`;
    return this.#askAll(question, asked, canPull, ({ fields }) => {
      const size = Number(fieldOf(fields, 'content-length') ?? Number.NaN);
      if (Number.isSafeInteger(size)) return size;
      throw new RegistryError('protocol', `${asked}: the registry does not say how many bytes it has`);
    });
  }

  /** Rejects with RegistryError. */
  tagged(tag: string): Promise<FetchedDocument> {
    const asked = `${this.name}:${tag}`;
    return this.#askAll(manifestQuestion(tag), asked, canResolve, ({ body, fields }) => {
      const stated = fieldOf(fields, 'docker-content-digest');
      if (stated !== undefined && isDigest(stated) && !hasDigest(body, stated))
        throw otherBytes(asked, stated, body);
      const digest = stated !== undefined && isDigest(stated) ? stated : digestOf(body);
      return { bytes: body, digest, mediaType: fieldOf(fields, 'content-type') };
    });
  }

  /** A manifest or index. Rejects with RegistryError. */
  document(digest: string): Promise<FetchedDocument> {
    return this.#pinned(manifestQuestion(digest), digest, undefined);
  }

  /** All of a small blob, as a config. Rejects with RegistryError, 'corrupt' where it has another size. */
  async smallBlob(digest: string, size: number): Promise<Uint8Array> {
    const question: Question = {
      method: 'GET',
      path: `blobs/${digest}`,
      accept: '*/*',
      limit: DOCUMENT_LIMIT,
    };
    return (await this.#pinned(question, digest, size)).bytes;
  }

  /**
   * An answer that is a success, of whoever has one; undefined where nobody has: referrers are an extra, and registries refuse them in
   * many ways. Rejects with RegistryError 'unreachable'.
   */
  async optional(path: string, query: Readonly<Record<string, string>>): Promise<ExchangeAnswer | undefined> {
    const question: Question = {
      method: 'GET',
      path,
      query,
      accept: ACCEPTED_DOCUMENTS,
      limit: DOCUMENT_LIMIT,
    };
    try {
      return await this.#askAll(question, `${this.name}/${path}`, canPull, (answer) => answer);
    } catch (error) {
      if (error instanceof RegistryError && error.code !== 'unreachable') return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#transports.values()].map((transport) => transport.release()));
    this.#transports.clear();
  }

  #pinned(question: Question, digest: string, size: number | undefined): Promise<FetchedDocument> {
    const asked = `${this.name}@${digest}`;
    return this.#askAll(question, asked, canPull, ({ body, fields }) => {
      if (size !== undefined && body.length !== size) {
        throw new RegistryError(
          'corrupt',
          `${asked} has ${body.length} bytes, where the manifest says ${size}`,
        );
      }
      if (!hasDigest(body, digest)) throw otherBytes(asked, digest, body);
      return { bytes: body, digest, mediaType: fieldOf(fields, 'content-type') };
    });
  }

  /** The first host that gives what `read` accepts. Where none does, the registry's own reason goes before those of mirrors. */
  async #askAll<T>(
    question: Question,
    asked: string,
    may: (host: RegistryHost) => boolean,
    read: (answer: ExchangeAnswer) => T,
  ): Promise<T> {
    const failures: RegistryError[] = [];
    const hosts = this.#hosts.filter(may);
    for (const host of hosts) {
      try {
        const answer = await this.#ask(host, question, host === hosts.at(-1));
        for (const warning of warningsOf(answer)) this.#tell(`${new URL(host.base).host} says: ${warning}`);
        if (answer.status !== 200) throw refusal(answer, asked, new URL(host.base).host);
        const found = read(answer);
        for (const { code, message } of failures) if (code !== 'not-found') this.#tell(message);
        return found;
      } catch (error) {
        failures.push(this.#failure(error, asked, host));
      }
    }
    const last = failures.at(-1);
    if (last === undefined) {
      throw new RegistryError(
        'configuration',
        `${asked}: no host may be asked: see capabilities in hosts.toml`,
      );
    }
    const others = failures.slice(0, -1).map(({ message }) => message);
    throw others.length === 0 ? last : new RegistryError(last.code, [last.message, ...others].join('; '));
  }

  #failure(error: unknown, asked: string, host: RegistryHost): RegistryError {
    this.#signal.throwIfAborted();
    if (error instanceof RegistryError) return error;
    if (!(error instanceof FetchFailure) && !(error instanceof RemoteError)) throw error;
    const message = `${asked} cannot be read from ${new URL(host.base).host}: ${error.message}`;
    return new RegistryError(codeOf(error), message, { cause: error });
  }

  /** Who is not the last one is asked once: the next one may have it at once. */
  async #ask(
    host: RegistryHost,
    { method, path, query, accept, limit }: Question,
    isLast: boolean,
  ): Promise<ExchangeAnswer> {
    const { allowPrivateRedirects = false } = this.#http;
    const all = { ...HTTP_LIMITS, ...this.#http.limits };
    const limits = isLast ? all : { ...all, openingTries: 1 };
    const borrowed = this.#transports.get(host) ?? borrowTransport(certificatesOf(host, this.#http), all);
    this.#transports.set(host, borrowed);
    const url = apiUrl(host, `${this.#repository}/${path}`, query);
    const authority = authoritiesOf(this.#http).of(host, this.#repository);
    const report = ({ message }: { readonly message: string }) => this.#tell(message);
    return exchange(
      { method, url, fields: { accept }, authority, limit },
      { transport: borrowed.transport, limits, allowPrivateRedirects, report },
      this.#signal,
    );
  }

  #tell(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#report(new Error(message));
  }
}

const canPull = (host: RegistryHost): boolean => host.canPull;
const canResolve = (host: RegistryHost): boolean => host.canResolve;

const manifestQuestion = (name: string): Question => ({
  method: 'GET',
  path: `manifests/${name}`,
  accept: ACCEPTED_DOCUMENTS,
  limit: DOCUMENT_LIMIT,
});

const otherBytes = (asked: string, digest: string, body: Uint8Array): RegistryError =>
  new RegistryError(
    'corrupt',
    `${asked}: what came has the digest ${digestOf(body)}, not ${digest}: the registry, or somebody on the way, gives other bytes`,
  );

function codeOf({ code }: FetchFailure | RemoteError): RegistryErrorCode {
  if (code === 'unreachable') return 'unreachable';
  return code === 'refused' ? 'denied' : 'protocol';
}
