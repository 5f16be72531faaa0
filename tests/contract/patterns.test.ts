// `npm run test:contract-tools` checks the patterns with other engines.
import { describe, expect, it } from "vitest";
import { samples } from "./other-tools/samples.ts";

const [plain, unicode] = [samples(""), samples("u")];

describe.each(plain.map((sample, index) => ({ ...sample, other: unicode[index] })))(
  "the pattern at $pointer in docs/openapi.yaml",
  ({ texts, accepted, other }) => {
    it("matches the same texts with and without the flag u", () => {
      expect(texts.filter((_, index) => accepted[index] !== other?.accepted[index])).toEqual([]);
    });

    it("accepts some samples and rejects others", () => {
      expect(new Set(accepted)).toEqual(new Set([true, false]));
    });
  },
);
