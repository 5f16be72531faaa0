/**
 * The media types with which a browser's preflight, or a proxy's version of it, may come. API Gateway takes no type for
 * JSON; any other type gets a problem document.
 */
export const PREFLIGHT_TYPES = ["application/json", "application/x-www-form-urlencoded", "text/plain"];
