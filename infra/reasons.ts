/** The messages of an error and of its causes, without duplicates. */
export function reasons(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  // A host with two addresses, for example, causes an AggregateError, whose own message is empty.
  const causes = error instanceof AggregateError ? error.errors : [error.cause ?? []].flat();
  return [...new Set([error.message, ...causes.flatMap((cause) => reasons(cause))])].filter(Boolean);
}
