import type { ServiceError } from "./errors.ts";
import { invalid } from "./requests.ts";

interface Statement {
  /** The SQL with `$1`, `$2`, … in place of the placeholders. */
  text: string;
  /** The placeholder's name behind each `$n`, in order; a name used twice is listed twice. */
  names: string[];
}

/**
 * Matches placeholders, and the tokens in which a colon is not a placeholder. A doubled quote needs no rule outside an
 * escape string: it reads as two adjacent strings.
 */
const token = new RegExp(
  [
    String.raw`(?<![\w$\u0080-\uffff])[eE]'(?:[^'\\]|\\.|'')*'`,
    `'[^']*'`,
    `"[^"]*"`,
    String.raw`--[^\n]*`,
    String.raw`\/\*`,
    String.raw`(?<![\w$\u0080-\uffff])\$(?<tag>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$(?<body>.*?)\$\k<tag>\$`,
    `::`,
    String.raw`:(?<name>\w+)`,
  ].join("|"),
  "gs",
);

/** Matches quotes and comments that are closed. */
const closed = /'[^']*'|"[^"]*"|--[^\n]*\n|\/\*.*?\*\//gs;

/**
 * Replaces each `:name` by a numbered bind. Every occurrence becomes a separate bind, as on Aurora, so PostgreSQL treats
 * two uses of one name as different parameters.
 *
 * Placeholders that the service silently corrupts are refused: inside a dollar-quoted string; after a dollar-quoted
 * string that leaves a quote or comment open, because the service reads its content as SQL; and directly after a value,
 * as in the slice `a[1:n]`.
 *
 * @throws ServiceError ValidationException
 */
export function parsePlaceholders(sql: string): Statement {
  const names: string[] = [];
  const scanner = new RegExp(token);
  let text = "";
  let copied = 0;
  let leftOpen = false;
  for (let match = scanner.exec(sql); match !== null; match = scanner.exec(sql)) {
    const { body, name } = match.groups ?? {};
    if (match[0] === "/*") {
      scanner.lastIndex = endOfComment(sql, match.index);
    } else if (body !== undefined) {
      const [inside] = parsePlaceholders(body).names;
      if (inside !== undefined) throw refusal(inside, "inside a dollar-quoted string");
      leftOpen ||= /'|"|--|\/\*/.test(body.replace(closed, ""));
    } else if (name !== undefined) {
      if (leftOpen) throw refusal(name, "after a dollar-quoted string that leaves a quote or comment open");
      if (/[\w$)\]'"\u0080-\uffff]/.test(sql[match.index - 1] ?? "")) {
        throw refusal(name, "directly after a value, as in an array slice");
      }
      text += `${sql.slice(copied, match.index)}$${names.push(name)}`;
      copied = scanner.lastIndex;
    }
  }
  return { text: text + sql.slice(copied), names };
}

/** Finds the end of a block comment; they nest in PostgreSQL. */
function endOfComment(sql: string, start: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === "/*" ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return sql.length;
}

function refusal(name: string, place: string): ServiceError {
  return invalid(`:${name} would be replaced as a parameter although it stands ${place}`);
}
