import { createHash } from "node:crypto";
import { UUID } from "./ids.ts";
import type { FeedPlace } from "./stored-purchases.ts";

/** Which feed a cursor is for: that of an option, of one user or of all. */
export interface Feed {
  ticketOptionId: string;
  userId: string | null;
}

/** The last number that PostgreSQL's `xid8` holds. */
const MAX_XID = 2n ** 64n - 1n;

/** Formats a place in a feed as a cursor, which is good for that feed only. */
export function formatCursor({ changedIn, id }: FeedPlace, feed: Feed): string {
  return Buffer.from(`${changedIn} ${id} ${digestOf(feed)}`).toString("base64url");
}

/**
 * Parses a cursor that `formatCursor` made for this feed.
 *
 * @returns undefined if it is not one
 */
export function parseCursor(cursor: string, feed: Feed): FeedPlace | undefined {
  const [changedIn = "", id = "", digest] = Buffer.from(cursor, "base64url").toString().split(" ");
  if (!/^\d{1,20}$/.test(changedIn) || BigInt(changedIn) > MAX_XID || !UUID.test(id)) return undefined;
  const place = { changedIn, id };
  return digest === digestOf(feed) && formatCursor(place, feed) === cursor ? place : undefined;
}

/** Not a secret: it only distinguishes feeds whose cursors are mixed up by mistake. */
function digestOf({ ticketOptionId, userId }: Feed): string {
  return createHash("sha256").update(`${ticketOptionId} ${userId}`).digest("base64url").slice(0, 16);
}
