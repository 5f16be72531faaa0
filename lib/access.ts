import type { APIGatewayProxyEvent } from "aws-lambda";
import { accessFromEnvironment } from "./config.ts";
import { forbidden } from "./problem.ts";

const allowed = accessFromEnvironment();

/**
 * Checks what API Gateway does not: whose key it is, and that a token came with the request at all.
 *
 * @throws Problem `forbidden` if the caller may not use this function
 */
export function checkAccess(event: APIGatewayProxyEvent): void {
  switch (allowed.access) {
    case "key": {
      const { apiKeyId } = event.requestContext.identity;
      if (!apiKeyId || !allowed.apiKeyIds.includes(apiKeyId))
        throw forbidden("this key is not for this operation");
      return;
    }
    case "cognito":
      if (subjectOf(event) === undefined) throw forbidden("a valid token is needed");
  }
}

/**
 * A `UserID` is the caller's claim, but where buyers themselves call, with a token: it must be theirs.
 *
 * @throws Problem `forbidden` if it is another user's
 */
export function checkUser(event: APIGatewayProxyEvent, userId: string): void {
  if (allowed.access === "cognito" && subjectOf(event)?.toLowerCase() !== userId)
    throw forbidden("the UserID is not that of the token");
}

/** The user that Cognito's token is of, from what its authorizer has checked. */
function subjectOf({ requestContext }: APIGatewayProxyEvent): string | undefined {
  const subject: unknown = requestContext.authorizer?.claims?.sub;
  return typeof subject === "string" && subject !== "" ? subject : undefined;
}
