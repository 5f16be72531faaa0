const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,6}))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Parses a time in the format of RFC 3339, with an offset and at most six decimals.
 *
 * @returns the instant in UTC with six decimals, so that the order of two as text is their order in time; undefined if
 *   it is no such time, or not in the years 1 to 9999
 */
export function parseInstant(text: string): string | undefined {
  const [, date = "", time = "", fraction = "", offset = ""] = RFC_3339.exec(text) ?? [];
  const local = Date.parse(`${date}T${time}Z`);
  // JavaScript accepts February 30 as March 2, and the year 0.
  if (Number.isNaN(local) || date.startsWith("0000") || new Date(local).toISOString().slice(0, 10) !== date)
    return undefined;
  const utc = new Date(Date.parse(`${date}T${time}${offset.toUpperCase()}`));
  const [seconds = ""] = utc.toISOString().split(".");
  return /^(?!0000)\d{4}-/.test(seconds) ? `${seconds}.${fraction.padEnd(6, "0")}Z` : undefined;
}
