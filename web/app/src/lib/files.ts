// What a file looks like: its size in words, whether it is a picture that may be shown, a small copy of one.
import type { ImageSize } from "@core/types";
import { isDrawable } from "./picture-size";

/** Shown as pictures: they carry no script, unlike SVG. */
/** Of the small copies that go with pictures. */
export const kSmallCopyType = "image/webp";
const kPictures = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"]);
const kThumbnail = 480; // pixels of the longer side
const kWorthAThumbnail = 100_000; // bytes; a smaller picture is its own preview
const kQuality = 0.8;

export const isPicture = (mediaType: string): boolean => kPictures.has(mediaType.split(";")[0]!.trim().toLowerCase());

/** Played as sounds and films, when the browser can. */
const kPlayed = new Set(["audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg", "audio/opus", "audio/flac", "audio/wav", "audio/x-wav", "audio/webm",
  "video/mp4", "video/webm", "video/ogg"]);
const kMostPlayed = 256_000_000; // bytes, which stay decrypted while it is open

export const playedAs = (mediaType: string): "audio" | "video" | undefined => {
  const plain = mediaType.split(";")[0]!.trim().toLowerCase();
  return !kPlayed.has(plain) ? undefined : plain.startsWith("audio/") ? "audio" : "video";
};
export const isPlayed = ({ mediaType, size }: { mediaType: string; size: number }): boolean => playedAs(mediaType) !== undefined && size <= kMostPlayed;

const kUnits = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** "1.4 MB", by powers of 1000. */
export function sizeOf(bytes: number, language: string): string {
  const at = bytes < 1000 ? 0 : Math.min(kUnits.length - 1, Math.floor(Math.log10(bytes) / 3));
  return new Intl.NumberFormat(language, { style: "unit", unit: kUnits[at]!, unitDisplay: at === 0 ? "long" : "short", maximumFractionDigits: at > 1 ? 1 : 0 })
    .format(bytes / 1000 ** at);
}

/** Within the box, in its own proportions, never larger than it is. */
export function fitted({ width, height }: ImageSize, most: ImageSize): ImageSize {
  const scale = Math.min(1, most.width / width, most.height / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

export interface Picture {
  dimensions: ImageSize;
  thumbnail?: { content: Blob; mediaType: string; dimensions: ImageSize };
}

/** Its dimensions and, of a large one, a small copy; nothing for what the browser cannot draw. */
export async function pictureOf(file: Blob): Promise<Picture | undefined> {
  if (!isPicture(file.type) || !(await isDrawable(file))) {
    return undefined;
  }
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (!bitmap) {
    return undefined;
  }
  try {
    const dimensions = { width: bitmap.width, height: bitmap.height };
    if (file.size < kWorthAThumbnail) {
      return { dimensions };
    }
    const small = fitted(dimensions, { width: kThumbnail, height: kThumbnail });
    const canvas = new OffscreenCanvas(small.width, small.height);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, small.width, small.height);
    const content = await canvas.convertToBlob({ type: kSmallCopyType, quality: kQuality });
    return { dimensions, thumbnail: { content, mediaType: content.type, dimensions: small } };
  } finally {
    bitmap.close();
  }
}

/** The browser's way to keep a file: under a name, never opened, whatever it says it is. */
export function saveAs(content: Blob, name: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
