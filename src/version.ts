/** Put in by the build; tests run the sources without one. */
declare const WEFT_VERSION: string;

export const version: string = typeof WEFT_VERSION === "undefined" ? "0.0.0-dev" : WEFT_VERSION;
