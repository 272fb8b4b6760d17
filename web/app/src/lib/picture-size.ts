// How large a picture says it is, from its first bytes: asked before a browser is told to draw it, because a few kilobytes
// can unfold into gigabytes of pixels. Formats: PNG (RFC 2083 section 4.1.1), GIF89a (section 18), BMP, WebP (RFC 9649
// section 2), JPEG (ITU-T T.81 section B.2.2), AVIF (ISO/IEC 23008-12 section 6.5.3, "ispe").
import type { ImageSize } from "@core/types";

export const kMostPixels = 50_000_000; // some 200 MB when drawn
export const kHeaderBytes = 256 * 1024; // of a JPEG with much before its frame

const ascii = (bytes: DataView, at: number, length: number): string =>
  at + length <= bytes.byteLength ? String.fromCharCode(...new Uint8Array(bytes.buffer, bytes.byteOffset + at, length)) : "";

function ofWebp(bytes: DataView): ImageSize | undefined {
  switch (ascii(bytes, 12, 4)) {
    case "VP8 ":
      return { width: bytes.getUint16(26, true) & 0x3fff, height: bytes.getUint16(28, true) & 0x3fff };
    case "VP8L": {
      const bits = bytes.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case "VP8X": {
      const side = (at: number) => bytes.getUint16(at, true) + (bytes.getUint8(at + 2) << 16) + 1;
      return { width: side(24), height: side(27) };
    }
    default:
      return undefined;
  }
}

function ofJpeg(bytes: DataView): ImageSize | undefined {
  for (let at = 2; at + 9 <= bytes.byteLength; ) {
    const marker = bytes.getUint8(at + 1);
    if (bytes.getUint8(at) !== 0xff || marker === 0xd9 || marker === 0xda) {
      return undefined;
    }
    // SOF0 to SOF15, of which C4, C8 and CC are something else.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: bytes.getUint16(at + 7), height: bytes.getUint16(at + 5) };
    }
    at += marker === 0xff ? 1 : 2 + bytes.getUint16(at + 2);
  }
  return undefined;
}

// The largest of all images in it: tiles and thumbnails have a size of their own.
function ofAvif(bytes: DataView): ImageSize | undefined {
  let largest: ImageSize | undefined;
  for (let at = 0; at + 16 <= bytes.byteLength; ++at) {
    if (bytes.getUint32(at) === 0x69737065) {
      const size = { width: bytes.getUint32(at + 8), height: bytes.getUint32(at + 12) };
      largest = !largest || size.width * size.height > largest.width * largest.height ? size : largest;
    }
  }
  return largest;
}

/** Nothing when it is no picture that is known here, or is cut off before it says so. */
export function sizeOfPicture(head: ArrayBuffer): ImageSize | undefined {
  const bytes = new DataView(head);
  try {
    if (ascii(bytes, 1, 3) === "PNG" && ascii(bytes, 12, 4) === "IHDR") {
      return { width: bytes.getUint32(16), height: bytes.getUint32(20) };
    }
    if (ascii(bytes, 0, 4) === "GIF8") {
      return { width: bytes.getUint16(6, true), height: bytes.getUint16(8, true) };
    }
    if (ascii(bytes, 0, 2) === "BM") {
      return { width: Math.abs(bytes.getInt32(18, true)), height: Math.abs(bytes.getInt32(22, true)) };
    }
    if (ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 4) === "WEBP") {
      return ofWebp(bytes);
    }
    if (bytes.getUint16(0) === 0xffd8) {
      return ofJpeg(bytes);
    }
    return ascii(bytes, 4, 4) === "ftyp" ? ofAvif(bytes) : undefined;
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

/** By its first bytes, of the kinds that emoji may have. */
export function typeOfEmoji(head: ArrayBuffer): "image/png" | "image/gif" | "image/webp" | undefined {
  const bytes = new DataView(head);
  return ascii(bytes, 1, 3) === "PNG" ? "image/png" : ascii(bytes, 0, 4) === "GIF8" ? "image/gif"
    : ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 4) === "WEBP" ? "image/webp" : undefined;
}

/** Whether it moves: a GIF may, a WebP says so (RFC 9649 section 2.7.1). */
export function mayMove(head: ArrayBuffer): boolean {
  const bytes = new DataView(head);
  const type = typeOfEmoji(head);
  return type === "image/gif" || (type === "image/webp" && ascii(bytes, 12, 4) === "VP8X" && bytes.byteLength > 20 && (bytes.getUint8(20) & 2) !== 0);
}

/** Whether it may be drawn: it says how large it is, and that is not too large. */
export async function isDrawable(picture: Blob): Promise<boolean> {
  const size = sizeOfPicture(await picture.slice(0, kHeaderBytes).arrayBuffer());
  return size !== undefined && size.width > 0 && size.height > 0 && size.width * size.height <= kMostPixels;
}
