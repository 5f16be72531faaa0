// For each pattern of docs/openapi.yaml, texts on which regular expression engines may differ.
import { specification } from "../../support/specification.ts";

interface Sample {
  /** JSON pointer of the schema with the pattern. */
  pointer: string;
  pattern: string;
  /** The length limit of the same schema; the largest safe integer if it has none. */
  maxLength: number;
  texts: string[];
  /** Whether the schema accepts each text, according to ECMA-262. */
  accepted: boolean[];
}

/** Digits, letters and line breaks that engines classify differently, and characters that the patterns mention. */
const odd = [
  ...["\n", "\r", "\r\n", "\u0085", "\u2028", "\t", " ", "\u00a0", "\u200b", "\u2800", "\ufeff", "\u180e"],
  ...[
    "\u0660",
    "\uff10",
    "\u00e9",
    "\u017f",
    "\u212a",
    "\u0130",
    "\u{1d7d8}",
    "\u{1f3ab}",
    "\uffff",
    "\u{10ffff}",
  ],
  ...["\0", "\x01", "\x7f", "\ufffd", "\ufffb", "\ufffc", '"', "\\", '\\"', "/", "-", "A", "g", "0", ","],
];

const seeds = [
  ...["", "x", "Fenerbahce vs Galatasaray", "\u{1f3ab}", "\u200b\u2800 \u3164", "\ufe0f\u{1f3ab}", "\u00ad-"],
  ...["0199d3a2-7c1e-7a40-8f52-3d6b0c9e4a11", "406C1D05-BBB2-4E94-B183-7D208C2692E1"],
  ...["406c1d05-bbb2-4e94-b183-7d208c2692e1", "2022-01-05T17:41:08.039342Z"],
  ...["2022-01-15T20:00:00+03:00", "0001-01-01T00:00:00.5-23:59", "9999-12-31T23:59:59Z"],
  ...[
    "/ticket_options/0199d3a2-7c1e-7a40-8f52-3d6b0c9e4a11",
    '"nZq3bF0Xr1mJkq5v8bqVwY3t0Q4x7sYw2l9uE6c1aHg"',
  ],
  "/shop/prod/ticket_options/0199d3a2-7c1e-7a40-8f52-3d6b0c9e4a11",
  ...[
    '"',
    '""',
    '"""',
    '"a\\"b"',
    '"a\\b"',
    'a"b',
    "k".repeat(255),
    `"${"k".repeat(255)}"`,
    `"${'\\"'.repeat(255)}"`,
  ],
  "ETag, Location, Idempotency-Key, Idempotent-Replayed, Retry-After, Date",
  "ETag, Location, Idempotency-Key, Idempotent-Replayed, Retry-After, Date,WWW-Authenticate",
];

/** The seeds, and each seed with an odd string inserted or replacing a character. */
const texts = [
  ...new Set(
    seeds.flatMap((seed) => {
      const places = [0, 1, 8, seed.length >> 1, seed.length - 1, seed.length].filter(
        (at) => at <= seed.length,
      );
      return [
        seed,
        ...places.flatMap((at) =>
          odd.flatMap((one) => [
            seed.slice(0, at) + one + seed.slice(at),
            seed.slice(0, at) + one + seed.slice(at + 1),
          ]),
        ),
      ];
    }),
  ),
].filter((text) => text.isWellFormed()); // Go strings are always well-formed

/** Schemas of headers. */
const headers = /^\/components\/(headers\/|schemas\/IdempotencyKey$)|\/headers\/Location\//;

/** One sample for each schema with a pattern; `flags` are those of ECMA-262 regular expressions. */
export function samples(flags: "" | "u"): Sample[] {
  return schemasWithPattern("", specification).map(([pointer, { pattern, format, maxLength = Infinity }]) => {
    const expression = new RegExp(pattern, flags);
    // No header or time contains a line break, before which Python's `$` would also match.
    const isOneLine = headers.test(pointer) || format === "date-time";
    const some = isOneLine ? texts.filter((text) => !/[\r\n]/.test(text)) : texts;
    return {
      pointer,
      pattern,
      maxLength: Math.min(maxLength, Number.MAX_SAFE_INTEGER),
      texts: some,
      accepted: some.map((text) => expression.test(text) && [...text].length <= maxLength),
    };
  });
}

interface WithPattern {
  pattern: string;
  format?: string;
  maxLength?: number;
}

function schemasWithPattern(pointer: string, node: object): [string, WithPattern][] {
  const own: [string, WithPattern][] = hasPattern(node) ? [[pointer, node]] : [];
  const inner = Object.entries(node).filter(([, value]) => typeof value === "object" && value !== null);
  return [...own, ...inner.flatMap(([key, value]) => schemasWithPattern(`${pointer}/${key}`, value))];
}

function hasPattern(node: object): node is WithPattern {
  return "pattern" in node && typeof node.pattern === "string";
}
