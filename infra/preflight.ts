/**
 * The media types that a preflight, sent by a browser or changed by a proxy, may have. API Gateway treats a missing
 * type as JSON, and refuses any other type with a problem document.
 */
export const PREFLIGHT_TYPES = ["application/json", "application/x-www-form-urlencoded", "text/plain"];
