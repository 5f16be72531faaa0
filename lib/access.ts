import type { APIGatewayProxyEvent } from "aws-lambda";
import type { Access } from "./config.ts";
import { UUID } from "./ids.ts";
import { forbidden } from "./problem.ts";

/**
 * Checks what API Gateway does not check: that the API key is for this function, since API Gateway accepts a key of any
 * usage plan, and that the request has a token.
 *
 * @throws Problem `forbidden` if the caller may not use this function
 */
export function checkAccess(allowed: Access, event: APIGatewayProxyEvent): void {
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
 * Checks that a buyer with a Cognito token buys for themselves. With any other access, the `UserID` is the caller's
 * claim and is trusted.
 *
 * @throws Problem `forbidden` if `userId` is not the user of the token
 */
export function checkUser(allowed: Access, event: APIGatewayProxyEvent, userId: string): void {
  if (allowed.access === "cognito" && subjectOf(event)?.toLowerCase() !== userId)
    throw forbidden("the UserID is not that of the token");
}

/**
 * The user whose purchases the caller may see and confirm: that of the Cognito token; null if every user's.
 *
 * @throws Problem `forbidden` if the user of the token is none who can buy here
 */
export function visibleUser(allowed: Access, event: APIGatewayProxyEvent): string | null {
  if (allowed.access !== "cognito") return null;
  const subject = subjectOf(event)?.toLowerCase();
  if (subject === undefined || !UUID.test(subject)) throw forbidden("the user of the token is not a UUID");
  return subject;
}

/** The user of the Cognito token, which API Gateway's authorizer has verified. */
function subjectOf({ requestContext }: APIGatewayProxyEvent): string | undefined {
  const subject: unknown = requestContext.authorizer?.claims?.sub;
  return typeof subject === "string" && subject !== "" ? subject : undefined;
}
