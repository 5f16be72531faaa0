/** One error in a request: `pointer` names a member of the body, `header` a header. */
export type RequestError = { pointer: string; detail: string } | { header: string; detail: string };

interface Members {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: RequestError[];
  requested?: number;
  available?: number;
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
  return error.pointer === "#" ? "the body" : error.pointer.replace("#/", "");
}

/**
 * The quantity exceeds the limit of one purchase.
 *
 * @param limit the maximum number of tickets
 */
export function tooManyTickets(limit: number): Problem {
  return invalidRequest([
    {
      pointer: "#/Quantity",
      detail: `must be at most ${limit}, which is what one purchase sells`,
    },
  ]);
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
 * @param retryKey the `Idempotency-Key` with which a retry is carried out at most once
 */
export function outcomeUnknown(retryKey: string, cause: unknown): Problem {
  return new Problem(
    "outcome-unknown",
    {
      title: "Outcome unknown",
      status: 503,
      detail: "the request may have been carried out; send it again with this Idempotency-Key to find out",
    },
    { "Retry-After": "5", "Idempotency-Key": retryKey },
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
