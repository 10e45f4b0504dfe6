/** Who asks: the header fields that a server wants before it gives anything. */

export interface Authority {
  /**
   * The fields of a request to the user's own URL, names in lower case; never sent where a redirect leads. May ask the network
   * for a token. Rejects with FetchFailure, RemoteError, or the signal's reason.
   */
  fields(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /**
   * The server answered 401 or 403 to `sent`. `challenges` are the values of its WWW-Authenticate fields. True where fields() gives
   * something else from now on, so that asking again is worth it; the next answer may be a refusal as well, of a token that is over and
   * then of none: the third one in a row is final. Rejects as fields() does.
   */
  refused(
    sent: Readonly<Record<string, string>>,
    status: number,
    challenges: readonly string[],
    signal: AbortSignal,
  ): Promise<boolean>;
}
