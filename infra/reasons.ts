/** What an error says, and what those say that caused it, each once. */
export function reasons(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  // Such as of a host with two addresses; it says nothing itself.
  const causes = error instanceof AggregateError ? error.errors : [error.cause ?? []].flat();
  return [...new Set([error.message, ...causes.flatMap((cause) => reasons(cause))])].filter(Boolean);
}
