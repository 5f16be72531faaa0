/** One thing wrong with a request: `pointer` names a member of the body, `header` a header. */
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

/** An answer other than success, as an RFC 9457 problem document: its members are what the client may know. */
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

  /** Not a property, since the log shows an error's properties, and an `Idempotency-Key` opens a purchase. */
  get headers(): Record<string, string> {
    return this.#headers;
  }
}

/** The request cannot be understood; `errors` names everything that is wrong with it. */
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

/** @param limit tickets that a single purchase may have */
export function tooManyTickets(limit: number): Problem {
  return invalidRequest([
    {
      pointer: "#/Quantity",
      detail: `must be at most ${limit}, which is what one purchase sells`,
    },
  ]);
}

/** A slash too many: API Gateway may take such a path for that without it. */
export function noSuchRoute(): Problem {
  return new Problem("no-such-route", {
    title: "No such route",
    status: 404,
    detail: "there is no such path, or not with this method",
  });
}

/** The caller may not do this. */
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

/** @param available tickets left at the moment of the refusal */
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

/** The request certainly did nothing, so it may be repeated as it is. */
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
 * @param retryKey the header `Idempotency-Key` with which a retry cannot do it twice
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

/** Anything unexpected: the cause is for the log, never for the client. */
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
