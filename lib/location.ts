import type { APIGatewayProxyEvent } from "aws-lambda";

/**
 * The value of `Location`: the path, as clients see it, of the resource that a request created in its collection.
 *
 * @param publicBasePath the path of the API as clients see it, if it differs from that of the request
 */
export function locationOf(
  { requestContext, resource }: APIGatewayProxyEvent,
  id: string,
  publicBasePath: string | undefined,
): string {
  // `requestContext.path` includes the stage, or the base path of a custom domain; `event.path` has no stage.
  const collection =
    publicBasePath === undefined ? requestContext.path : publicBasePath.replace(/\/$/, "") + resource;
  return `${collection}/${id}`;
}
