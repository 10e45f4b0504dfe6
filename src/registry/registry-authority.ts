/**
 * Who asks a registry for one repository: nobody, until it wants to know; then what it wants, renewed as long as the mount lasts.
 *
 * LAW: credentials are looked up anew whenever something was refused, for they may have been changed in the meantime.
 */
import type { Authority } from '../remote/authority.js';
import { readCredentials } from '../remote/credentials.js';
import { FetchFailure } from '../remote/fetch-failure.js';
import { GivenCredentials } from '../remote/given-credentials.js';
import { HTTP_LIMITS, type HttpLimits, type HttpOptions } from '../remote/http-options.js';
import { HttpTransport } from '../remote/http-transport.js';
import { type Challenge, chooseChallenge, parseChallenges } from './challenge.js';
import { basicAuthorization, type Credential } from './credential.js';
import { type CredentialSources, findCredential } from './credentials.js';
import { RegistryError } from './errors.js';
import { certificatesOf, type RegistryHost } from './hosts.js';
import { SharedFlight } from './shared-flight.js';
import type { Token } from './token.js';
import { requestToken } from './token-request.js';

type Fields = Readonly<Record<string, string>>;

interface HeldToken extends Token {
  renewed: number;
  /** how often it was handed out */
  uses: number;
}

/** While the old token is still good, nobody waits longer for a new one; milliseconds. */
const EARLY_LIMITS = { openingTries: 1, deadline: 3_000 } satisfies Partial<HttpLimits>;

export class RegistryAuthority implements Authority {
  readonly #host: RegistryHost;
  readonly #repository: string;
  readonly #http: HttpOptions;
  readonly #sources: CredentialSources;
  readonly #given: GivenCredentials;
  readonly #lookup = new SharedFlight((signal) => this.#lookUp(signal));
  readonly #renewal = new SharedFlight((signal) => this.#askForToken(signal));
  #challenge: Challenge | undefined;
  #credential: Credential | undefined;
  #token: HeldToken | undefined;

  /**
   * `http` has what the user gave for the registry itself, and for no mirror: a token, headers. Throws RemoteError
   * 'options', or the system's error for a file of them.
   */
  constructor(
    host: RegistryHost,
    repository: string,
    http: HttpOptions = {},
    sources: CredentialSources = {},
  ) {
    this.#host = host;
    this.#repository = repository;
    this.#http = http;
    this.#sources = sources;
    const own = () => (host.isOrigin ? readCredentials(http, sources.environment) : {});
    this.#given = new GivenCredentials(() => ({ ...host.headers, ...own() }));
  }

  /** Rejects with FetchFailure, or the signal's reason. */
  async fields(signal: AbortSignal): Promise<Fields> {
    const given = await this.#given.fields();
    if (given.authorization !== undefined) return given;
    const authorization = await this.#authorization(signal);
    return authorization === undefined ? given : { ...given, authorization };
  }

  /** Rejects with FetchFailure, or the signal's reason. */
  async refused(
    sent: Fields,
    _status: number,
    challenges: readonly string[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { authorization } = await this.#given.fields();
    if (authorization !== undefined) return this.#given.refused(sent);
    if (sent.authorization !== this.#current) return true;
    return sent.authorization === undefined ? this.#meetChallenge(challenges, signal) : this.#replace(signal);
  }

  /** What fields() would give now without asking anybody. */
  get #current(): string | undefined {
    const credential = this.#credential;
    if (this.#challenge === undefined) return undefined;
    if (this.#challenge.scheme === 'basic') {
      return credential?.kind === 'password'
        ? basicAuthorization(credential.username, credential.password)
        : undefined;
    }
    if (credential?.kind === 'bearer') return `Bearer ${credential.token}`;
    return this.#token && `Bearer ${this.#token.value}`;
  }

  async #authorization(signal: AbortSignal): Promise<string | undefined> {
    const asksForToken = this.#challenge?.scheme === 'bearer' && this.#credential?.kind !== 'bearer';
    if (asksForToken && Date.now() >= (this.#token?.renewed ?? 0)) await this.#renew(signal);
    if (asksForToken && this.#token !== undefined) this.#token.uses += 1;
    return this.#current;
  }

  /** A renewal ahead of time that fails is no failure yet: the next one is that at the end. */
  async #renew(signal: AbortSignal): Promise<void> {
    try {
      await this.#renewal.join(signal);
    } catch (error) {
      const token = this.#token;
      const isGood = token !== undefined && Date.now() < token.expires;
      if (!isGood || !(error instanceof FetchFailure)) throw error;
      token.renewed = token.expires;
    }
  }

  async #meetChallenge(challenges: readonly string[], signal: AbortSignal): Promise<boolean> {
    // another request has met it in the meantime
    if (this.#challenge?.scheme === 'bearer') return true;
    const challenge = chooseChallenge(parseChallenges(challenges));
    if (challenge === undefined) return false;
    this.#credential = await this.#findCredential(signal);
    this.#challenge = challenge;
    return challenge.scheme === 'bearer' || this.#credential?.kind === 'password';
  }

  /**
   * What was sent is no longer accepted. A token is asked for on a fresh challenge: what some registries answer to one that is
   * over is not to be relied on. One that was refused at its first use is not replaced, unless somebody else asks now.
   */
  async #replace(signal: AbortSignal): Promise<boolean> {
    const before = this.#credential;
    const refused = this.#token;
    const challenge = this.#challenge;
    const credential = await this.#findCredential(signal);
    // another request has done it in the meantime
    if (this.#credential !== before || this.#token !== refused || this.#challenge !== challenge) return true;
    const isOther = !isSame(before, credential);
    this.#credential = credential;
    if (refused === undefined) return isOther;
    if (!isOther && refused.uses <= 1) return false;
    this.#token = undefined;
    this.#challenge = undefined;
    return true;
  }

  #findCredential(signal: AbortSignal): Promise<Credential | undefined> {
    return this.#lookup.join(signal);
  }

  async #lookUp(signal: AbortSignal): Promise<Credential | undefined> {
    const target = { host: this.#host.credentialHost, repository: this.#repository };
    try {
      return await findCredential(target, signal, this.#sources);
    } catch (error) {
      throw error instanceof RegistryError ? new FetchFailure('refused', error.message) : error;
    }
  }

  /** The service refuses credentials that were changed since: once more with what holds now. */
  async #askForToken(signal: AbortSignal): Promise<void> {
    try {
      await this.#askOnce(signal);
    } catch (error) {
      const { status } = error as Partial<FetchFailure>;
      const before = this.#credential;
      if (status !== 400 && status !== 401 && status !== 403) throw error;
      this.#credential = await this.#findCredential(signal);
      if (isSame(before, this.#credential)) throw error;
      await this.#askOnce(signal);
    }
  }

  async #askOnce(signal: AbortSignal): Promise<void> {
    const credential = this.#credential;
    const challenge = this.#challenge;
    if (challenge === undefined || credential?.kind === 'bearer') return;
    const isEarly = this.#token !== undefined && Date.now() < this.#token.expires;
    const limits = { ...HTTP_LIMITS, ...this.#http.limits, ...(isEarly && EARLY_LIMITS) };
    const { allowPrivateRedirects = false, report = () => {} } = this.#http;
    // tokens are asked for once in minutes: no connection is kept for that
    const transport = new HttpTransport(certificatesOf(this.#host, this.#http), limits);
    const question = {
      registry: new URL(this.#host.base),
      challenge,
      scope: `repository:${this.#repository}:pull`,
      credential,
    };
    try {
      const token = await requestToken(
        question,
        { transport, limits, allowPrivateRedirects, report },
        signal,
      );
      this.#token = { ...token, uses: 0 };
    } finally {
      await transport.close();
    }
  }
}

const isSame = (left: Credential | undefined, right: Credential | undefined): boolean =>
  JSON.stringify(left) === JSON.stringify(right);
