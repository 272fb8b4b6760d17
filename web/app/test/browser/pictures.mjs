// Pictures for tests, as PNG (RFC 2083).
import { randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";

const kTable = Array.from({ length: 256 }, (_, n) => Array.from({ length: 8 }).reduce((c) => (c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1), n));
const crc = (bytes) => ~bytes.reduce((c, byte) => kTable[(c ^ byte) & 255] ^ (c >>> 8), ~0) >>> 0;

function chunk(type, body) {
  const content = Buffer.concat([Buffer.from(type), body]);
  const out = Buffer.alloc(content.length + 8);
  out.writeUInt32BE(body.length);
  content.copy(out, 4);
  out.writeUInt32BE(crc(content), content.length + 4);
  return out;
}

function picture(width, height, [depth, colour], rows, extra = 0) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([depth, colour], 8);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", head),
    ...(extra ? [chunk("nOIS", randomBytes(extra))] : []), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** One colour; noise after it makes it as large as is wanted. */
export function png(width, height, extra = 0) {
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from([15, 95, 115]))]);
  return picture(width, height, [8, 2], Buffer.concat(Array(height).fill(row)), extra);
}

/** Of one bit a pixel: few bytes, many pixels. */
export const manyPixels = (width, height) => picture(width, height, [1, 0], Buffer.alloc((Math.ceil(width / 8) + 1) * height));
