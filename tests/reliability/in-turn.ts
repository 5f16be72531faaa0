let last: Promise<unknown> = Promise.resolve();

/** One after the other, whichever tests run at once. */
export function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const result = last.then(work);
  last = result.catch(() => {});
  return result;
}
