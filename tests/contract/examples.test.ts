import { expect, it } from "vitest";
import { undocumented } from "../support/documented.ts";
import { at, operations, target } from "../support/specification.ts";

interface Example {
  value: Record<string, unknown>;
}

/** The example responses of each operation, with the example values of their headers. */
const examples = operations.flatMap(({ method, path, pointer }) =>
  Object.keys(at(`${pointer}/responses`)).flatMap((status) => {
    const response = target(`${pointer}/responses/${status}`) ?? "";
    const headers = Object.keys(at(response).headers ?? {}).flatMap((name) => {
      const header = target(`${response}/headers/${name}`) ?? "";
      const { const: only, examples: [first] = [] } = at(target(`${header}/schema`) ?? "") as {
        const?: string;
        examples?: unknown[];
      };
      return name === "Idempotent-Replayed" ? [] : [[name.toLowerCase(), String(only ?? first)]];
    });
    return Object.entries(at(response).content ?? {}).flatMap(([type, content]) => {
      const { example, examples = {} } = content as {
        example?: Example["value"];
        examples?: Record<string, Example>;
      };
      const values = example ? [{ value: example }] : Object.values(examples);
      return values.map(({ value }) => ({
        ...{ method, path, status: Number(status), value },
        headers: { ...Object.fromEntries(headers), "content-type": type },
      }));
    });
  }),
);

it("every example of a response in docs/openapi.yaml has the documented form and order of keys", () => {
  const errors = examples.flatMap(({ method, path, value, ...response }) =>
    undocumented({ method, path }, { ...response, body: JSON.stringify(value) }),
  );

  expect(errors).toEqual([]);
  expect(examples.length).toBeGreaterThan(operations.length);
});

it("a purchase in a list that has a key in another place, or one too many, is not documented", () => {
  const list = examples.find(({ status, value }) => status === 200 && "Purchases" in value);
  if (!list) throw new Error("docs/openapi.yaml has no example of a list of purchases");
  const [{ ID, ...others } = {}] = list.value.Purchases as Record<string, unknown>[];

  for (const purchase of [
    { ...others, ID },
    { ID, ...others, Seat: 1 },
  ]) {
    const body = JSON.stringify({ ...list.value, Purchases: [purchase] });
    expect(undocumented(list, { ...list, body })).toEqual([expect.stringContaining("has the keys")]);
  }
});
