/** What an error says, and what those say that caused it, each once. */
export function reasons(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  return [...new Set([error.message, ...(error.cause === undefined ? [] : reasons(error.cause))])];
}
