/** One error in a request: `pointer` names a member of the body, `header` a header, `parameter` one of the query. */
export type RequestError =
  | { pointer: string; detail: string }
  | { header: string; detail: string }
  | { parameter: string; detail: string };

interface Members {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: RequestError[];
  requested?: number;
  available?: number;
  saleStartsAt?: string;
  saleEndsAt?: string;
  limit?: number;
  has?: number;
  inUse?: number;
}

/** An error response as an RFC 9457 problem document. The client sees all of its members, and not its cause. */
export class Problem extends Error {
  readonly members: Members;
  readonly #headers: Record<string, string>;

  constructor(
    name: string,
    members: Omit<Members, "type">,
    headers: Record<string, string> = {},
    cause?: unknown,
  ) {
    super(members.detail, { cause });
    this.name = "Problem";
    this.members = {
      type: `urn:ticket-allocation:problem:${name}`,
      ...members,
    };
    this.#headers = headers;
  }

  /** A getter, since the log shows an error's own properties, and an `Idempotency-Key` gives access to a purchase. */
  get headers(): Record<string, string> {
    return this.#headers;
  }
}

/** The request is invalid; `errors` lists every error in it. */
export function invalidRequest(errors: RequestError[]): Problem {
  const detail = errors.map((error) => `${subject(error)} ${error.detail}`).join("; ");
  return new Problem("invalid-request", {
    title: "The request is not valid",
    status: 400,
    detail,
    errors,
  });
}

function subject(error: RequestError): string {
  if ("header" in error) return error.header;
  if ("parameter" in error) return error.parameter;
  return error.pointer === "#" ? "the body" : error.pointer.replace("#/", "");
}

/** The order exceeds what one purchase sells or holds in this deployment. */
export function overDeploymentLimits(
  order: { quantity: number; holdSeconds: number | null },
  limits: { quantity: number; holdSeconds: number },
): Problem {
  const errors: RequestError[] = [];
  if (order.quantity > limits.quantity)
    errors.push({
      pointer: "#/Quantity",
      detail: `must be at most ${limits.quantity}, which is what one purchase sells`,
    });
  if ((order.holdSeconds ?? 0) > limits.holdSeconds)
    errors.push({
      pointer: "#/HoldSeconds",
      detail: `must be at most ${limits.holdSeconds}, the longest hold`,
    });
  return invalidRequest(errors);
}

/** The route does not exist. API Gateway refuses most such requests itself, but may ignore a trailing slash. */
export function noSuchRoute(): Problem {
  return new Problem("no-such-route", {
    title: "No such route",
    status: 404,
    detail: "there is no such path, or not with this method",
  });
}

/** The caller has no permission. */
export function forbidden(detail: string): Problem {
  return new Problem("forbidden", { title: "Forbidden", status: 403, detail });
}

export function ticketOptionNotFound(): Problem {
  return new Problem("ticket-option-not-found", {
    title: "Ticket option not found",
    status: 404,
    detail: "there is no ticket option with this id",
  });
}

/**
 * Too few tickets are left.
 *
 * @param available the tickets left when the request was refused
 */
export function notEnoughTickets(requested: number, available: number): Problem {
  return new Problem("not-enough-tickets", {
    title: "Not enough tickets",
    status: 409,
    detail: "there is not any available tickets",
    requested,
    available,
  });
}

/** The sale has not started, or has ended. The times are null where there is no rule. */
export function notOnSale(saleStartsAt: string | null, saleEndsAt: string | null): Problem {
  return new Problem("not-on-sale", {
    title: "Not on sale",
    status: 409,
    detail: "the sale has not started, or has ended",
    ...(saleStartsAt !== null && { saleStartsAt }),
    ...(saleEndsAt !== null && { saleEndsAt }),
  });
}

/**
 * The order exceeds a limit of the ticket option.
 *
 * @param has the tickets that the user has, sold and held; undefined if the limit is that of one purchase
 */
export function overLimit(limit: number, has: number | undefined): Problem {
  return new Problem("over-limit", {
    title: "Over the limit",
    status: 409,
    detail:
      has === undefined
        ? `one purchase of this ticket option has at most ${limit} tickets`
        : `one user has at most ${limit} tickets of this ticket option`,
    limit,
    ...(has !== undefined && { has }),
  });
}

export function purchaseNotFound(): Problem {
  return new Problem("purchase-not-found", {
    title: "Purchase not found",
    status: 404,
    detail: "this ticket option has no purchase with this id",
  });
}

export function purchaseCancelled(): Problem {
  return new Problem("purchase-cancelled", {
    title: "Purchase cancelled",
    status: 409,
    detail: "the purchase was cancelled, or its hold lapsed and its tickets went to somebody else",
  });
}

export function purchaseSold(): Problem {
  return new Problem("purchase-sold", {
    title: "Purchase sold",
    status: 409,
    detail: 'the purchase is sold; to cancel it and void its tickets, send {"Sold": true}',
  });
}

/** @param inUse the number of tickets sold and held */
export function capacityInUse(inUse: number): Problem {
  return new Problem("capacity-in-use", {
    title: "Capacity in use",
    status: 409,
    detail: `${inUse} tickets are sold or held, so the capacity cannot be less`,
    inUse,
  });
}

export function bodyTooLarge(limit: number): Problem {
  return new Problem("body-too-large", {
    title: "The body is too large",
    status: 413,
    detail: `a body holds at most ${limit} bytes`,
  });
}

/** The request certainly had no effect, so the client can retry it unchanged. */
export function unavailable(cause: unknown): Problem {
  return new Problem(
    "unavailable",
    {
      title: "Unavailable",
      status: 503,
      detail: "nothing was done; try again shortly",
    },
    { "Retry-After": "5" },
    cause,
  );
}

/** The key was used for another request. */
export function idempotencyKeyReused(): Problem {
  return new Problem("idempotency-key-reused", {
    title: "Idempotency key reused",
    status: 422,
    detail: "this Idempotency-Key was used for another request; choose a new one for each",
  });
}

/**
 * The request may or may not have been carried out.
 *
 * @param retryKey the `Idempotency-Key` with which a retry is carried out at most once; undefined if it needs none
 */
export function outcomeUnknown(retryKey: string | undefined, cause: unknown): Problem {
  return new Problem(
    "outcome-unknown",
    {
      title: "Outcome unknown",
      status: 503,
      detail:
        retryKey === undefined
          ? "the request may have been carried out; retry it unchanged to find out"
          : "the request may have been carried out; retry it with this Idempotency-Key to find out",
    },
    { "Retry-After": "5", ...(retryKey !== undefined && { "Idempotency-Key": retryKey }) },
    cause,
  );
}

/** An unexpected error. Its cause appears in the log, never in the response. */
export function internalError(cause: unknown): Problem {
  return new Problem(
    "internal-error",
    {
      title: "Internal error",
      status: 500,
      detail: "something unexpected went wrong",
    },
    {},
    cause,
  );
}
