import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import * as problems from "../../lib/problem.ts";
import { problem } from "../../lib/responses.ts";
import { undocumented } from "../support/documented.ts";
import { at, operations } from "../support/specification.ts";

// Runs before lib/responses.ts loads, which requires these variables.
vi.hoisted(() =>
  Object.assign(process.env, { CLUSTER_ARN: "arn", SECRET_ARN: "arn", DATABASE_NAME: "tickets" }),
);

const prefix = "urn:ticket-allocation:problem:";

/** The status of each problem type in docs/openapi.yaml. */
const statuses = Object.fromEntries(
  Object.values(at("/components/schemas")).flatMap(({ properties }) => {
    const type = String(properties?.type?.const ?? "");
    return type.startsWith(prefix) ? [[type.slice(prefix.length), Number(properties?.status?.const)]] : [];
  }),
);

describe("every problem response of the functions", () => {
  const { Problem: _, ...makers } = problems;
  const made = {
    invalidRequest: problems.invalidRequest([{ header: "Idempotency-Key", detail: "is wrong" }]),
    forbidden: problems.forbidden("this key is not for this operation"),
    overDeploymentLimits: problems.overDeploymentLimits(
      { quantity: 21, holdSeconds: 901 },
      { quantity: 20, holdSeconds: 900 },
    ),
    noSuchRoute: problems.noSuchRoute(),
    ticketOptionNotFound: problems.ticketOptionNotFound(),
    purchaseNotFound: problems.purchaseNotFound(),
    notEnoughTickets: problems.notEnoughTickets(2, 1),
    notOnSale: problems.notOnSale("2022-01-05T17:41:08.039342Z", null),
    overLimit: problems.overLimit(4, 3),
    purchaseCancelled: problems.purchaseCancelled(),
    purchaseSold: problems.purchaseSold(),
    capacityInUse: problems.capacityInUse(4),
    bodyTooLarge: problems.bodyTooLarge(100_000),
    unavailable: problems.unavailable(new Error("the cause")),
    idempotencyKeyReused: problems.idempotencyKeyReused(),
    outcomeUnknown: problems.outcomeUnknown("request-1", new Error("the cause")),
    internalError: problems.internalError(new Error("the cause")),
  };

  it("is in this list", () => {
    expect(Object.keys(made).sort()).toEqual(Object.keys(makers).sort());
  });

  it.each(Object.entries(made))("is documented in docs/openapi.yaml: %s", (_name, one) => {
    const { statusCode, headers = {}, body } = problem(one, "a request");
    const lowered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
    const response = { status: statusCode, headers: Object.fromEntries(lowered), body };

    // At least one operation must document it.
    expect(operations.map((operation) => undocumented(operation, response))).toContainEqual([]);
  });
});

it("docs/problems.md has a section for each problem type of docs/openapi.yaml, with its status", () => {
  const text = readFileSync(path.join(import.meta.dirname, "../../docs/problems.md"), "utf8");
  const [, ...sections] = text.split(/^## /m);
  const paragraphs = sections.map((section) => {
    const [, name = "", status, rest] = /^(\S+)\n\n`(\d+)`\. (.*)/s.exec(section) ?? [];
    expect(rest, name).toMatch(/\bA retry\b/);
    return [name, Number(status)];
  });

  expect(Object.fromEntries(paragraphs)).toEqual(statuses);
});

it("docs/openapi.yaml has exactly the problem types of the contract", () => {
  expect(statuses).toEqual({
    "invalid-request": 400,
    forbidden: 403,
    "ticket-option-not-found": 404,
    "purchase-not-found": 404,
    "no-such-route": 404,
    "not-enough-tickets": 409,
    "not-on-sale": 409,
    "over-limit": 409,
    "purchase-cancelled": 409,
    "purchase-sold": 409,
    "capacity-in-use": 409,
    "body-too-large": 413,
    "idempotency-key-reused": 422,
    "too-many-requests": 429,
    unavailable: 503,
    "outcome-unknown": 503,
    "internal-error": 500,
  });
});
