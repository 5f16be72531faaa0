let last: Promise<unknown> = Promise.resolve();

/** Runs the given work after all earlier calls, so that concurrent tests do not overlap in it. */
export function oneAtATime<Result>(work: () => Promise<Result>): Promise<Result> {
  const result = last.then(work);
  last = result.catch(() => {});
  return result;
}
