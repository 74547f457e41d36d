// Frames that the server has deflated (RFC 1951, without a header): told apart from plain ones by being binary.

/** Whether this browser can, so that the server may be asked for them. */
export const UNPACKS = canUnpack();

/** @param {ArrayBuffer} packed @returns {Promise<string>} */
export function unpack(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).text();
}

function canUnpack() {
  try {
    return Boolean(new DecompressionStream("deflate-raw"));
  } catch {
    return false;
  }
}
